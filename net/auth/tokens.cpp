#include "net/auth/tokens.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <boost/beast/core/string.hpp>
#include <jwt.h>
#include <nlohmann/json.hpp>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "actors/core/text.hpp"

namespace waybill::net {

namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

constexpr size_t shortest_secret = 32;
constexpr int shortest_rsa_key = 2048;

/// The end of the year 9999.
constexpr double last_date = 253402300799;

/// About the last date that `system_clock` can represent.
constexpr int64_t last_counted = 9'000'000'000;

template <auto Free>
struct deleter {
  template <class T>
  void operator()(T* x) const {
    Free(x);
  }
};

using jwt_ptr = std::unique_ptr<jwt_t, deleter<&jwt_free>>;
using text_ptr = std::unique_ptr<char, deleter<&std::free>>;
using bio_ptr = std::unique_ptr<BIO, deleter<&BIO_free_all>>;
using key_ptr = std::unique_ptr<EVP_PKEY, deleter<&EVP_PKEY_free>>;
using digest_ptr = std::unique_ptr<EVP_MD_CTX, deleter<&EVP_MD_CTX_free>>;
using signature_ptr = std::unique_ptr<ECDSA_SIG, deleter<&ECDSA_SIG_free>>;

jwt_alg_t to_jwt(token_algorithm x) {
  return x == token_algorithm::hs256   ? JWT_ALG_HS256
         : x == token_algorithm::rs256 ? JWT_ALG_RS256
                                       : JWT_ALG_ES256;
}

const unsigned char* bytes_of(const std::string& x) {
  return reinterpret_cast<const unsigned char*>(x.data());
}

bool is_fit(EVP_PKEY* key, token_algorithm algorithm) {
  if (algorithm == token_algorithm::rs256)
    return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA
           && EVP_PKEY_get_bits(key) >= shortest_rsa_key;
  char group[32] = {};
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC
         && EVP_PKEY_get_group_name(key, group, sizeof(group), nullptr) == 1
         && std::string_view{group} == "prime256v1";
}

std::string print(EVP_PKEY* key) {
  bio_ptr out{BIO_new(BIO_s_mem())};
  PEM_write_bio_PUBKEY(out.get(), key);
  char* data = nullptr;
  auto size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<size_t>(size)};
}

/// Reads the next PEM block.
/// @param more is set unless the text has ended.
/// @returns null at its end, or if the block is invalid.
key_ptr read_public_key(BIO* in, bool& more) {
  char* name = nullptr;
  char* fields = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  more = PEM_read_bio(in, &name, &fields, &data, &size) == 1
         || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
  const unsigned char* first = data;
  key_ptr result;
  if (data && std::string_view{name} == PEM_STRING_PUBLIC)
    result.reset(d2i_PUBKEY(nullptr, &first, size));
  OPENSSL_free(name);
  OPENSSL_free(fields);
  OPENSSL_free(data);
  ERR_clear_error();
  return result;
}

std::variant<std::vector<std::string>, std::string>
parse_public_keys(token_algorithm algorithm, const std::string& text) {
  std::vector<std::string> result;
  bio_ptr in{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  for (auto more = true; more;) {
    auto key = read_public_key(in.get(), more);
    if (more && !key)
      return "it must contain public keys in PEM, and nothing else";
    if (key && !is_fit(key.get(), algorithm))
      return "RS256 needs RSA keys of 2048 bits or more, ES256 keys on P-256";
    if (key)
      result.push_back(print(key.get()));
  }
  if (result.empty())
    return "it must contain public keys in PEM";
  return result;
}

std::variant<std::vector<std::string>, std::string>
parse_secrets(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (line.empty())
      continue;
    if (line.size() < shortest_secret)
      return "a secret for HS256 needs 32 bytes or more";
    result.emplace_back(line);
  }
  if (result.empty())
    return "it must contain a secret on each line";
  return result;
}

/// Parses a date (RFC 7519, section 2).
std::optional<system_clock::time_point> date_of(const nlohmann::json& x) {
  if (!x.is_number() || x.get<double>() < 0 || x.get<double>() > last_date)
    return std::nullopt;
  return system_clock::time_point{
    seconds{std::min(x.get<int64_t>(), last_counted)}};
}

bool names(const nlohmann::json& audience, const std::string& value) {
  if (audience.is_string())
    return audience == value;
  return audience.is_array()
         && std::find(audience.begin(), audience.end(), nlohmann::json(value))
              != audience.end();
}

/// Returns the id of a token: some issuers write a number.
std::optional<std::string> subject_of(const nlohmann::json& claims) {
  auto subject = claims.find("sub");
  if (subject == claims.end())
    return std::nullopt;
  auto result = subject->is_string()           ? subject->get<std::string>()
                : subject->is_number_integer() ? subject->dump()
                                               : "";
  return is_name(result) ? std::optional{result} : std::nullopt;
}

/// Returns the error in the claims of a token; empty if there is none.
std::string check_claims(const token_rules& rules, const nlohmann::json& claims,
                         system_clock::time_point now) {
  auto claim = [&](const char* name) {
    auto i = claims.find(name);
    return i == claims.end() ? nlohmann::json{} : *i;
  };
  if (!subject_of(claims))
    return "it has no sub with an id";
  auto expiry = date_of(claim("exp"));
  if (!expiry)
    return "it has no valid exp";
  if (now >= *expiry + token_leeway)
    return "it has expired";
  if (auto begin = claim("nbf"); !begin.is_null())
    if (auto date = date_of(begin); !date || now + token_leeway < *date)
      return "it is not valid yet";
  auto audience = claim("aud");
  if (rules.audience.empty() ? !audience.is_null()
                             : !names(audience, rules.audience))
    return "it is for another audience";
  if (!rules.issuer.empty() && claim("iss") != rules.issuer)
    return "it is from another issuer";
  auto topics = claim("topics");
  if (!topics.is_null()
      && (!topics.is_array()
          || !std::all_of(
            topics.begin(), topics.end(),
            [](const nlohmann::json& x) { return x.is_string(); })))
    return "its topics are not an array of strings";
  return "";
}

/// Decodes base64url without padding (RFC 7515, section 2).
std::optional<std::string> decode_base64(std::string_view text) {
  constexpr std::string_view digits
    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string result;
  uint32_t bits = 0;
  auto count = 0;
  for (char c : text) {
    auto digit = digits.find(c);
    if (digit == digits.npos)
      return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      result += static_cast<char>(bits >> count);
      bits &= (1u << count) - 1;
    }
  }
  if (count >= 6 || bits != 0)
    return std::nullopt;
  return result;
}

/// The parts of a token in their compact form (RFC 7515, section 7.1).
struct token_parts {
  std::string header;
  std::string claims;
  std::string signature;

  /// The signed part.
  std::string_view signed_text;
};

std::optional<token_parts> split_parts(std::string_view text) {
  auto first = text.find('.');
  auto last = text.rfind('.');
  if (first == last || text.find('.', first + 1) != last)
    return std::nullopt;
  auto header = decode_base64(text.substr(0, first));
  auto claims = decode_base64(text.substr(first + 1, last - first - 1));
  auto signature = decode_base64(text.substr(last + 1));
  if (!header || !claims || !signature)
    return std::nullopt;
  return token_parts{std::move(*header), std::move(*claims),
                     std::move(*signature), text.substr(0, last)};
}

/// Returns the error in the header of a token; empty if there is none.
std::string check_header(const token_rules& rules, const std::string& text) {
  auto header = nlohmann::json::parse(text, nullptr, false);
  if (!header.is_object())
    return "it is no token";
  // Names are case-sensitive (RFC 7515, section 4.1.1).
  if (auto named = header.find("alg");
      named == header.end() || *named != jwt_alg_str(to_jwt(rules.algorithm)))
    return "it is signed with another algorithm";
  if (header.contains("crit"))
    return "it has critical fields";
  auto type = header.find("typ");
  if (type == header.end() || type->is_null())
    return "";
  // `at+jwt` is the type of access tokens (RFC 9068, section 2.1), and both are
  // media types (RFC 7515, section 4.1.9).
  if (type->is_string())
    for (auto known :
         {"JWT", "at+jwt", "application/jwt", "application/at+jwt"})
      if (boost::beast::iequals(type->get_ref<const std::string&>(), known))
        return "";
  return "its typ is not that of a JWT";
}

/// Converts an ES256 signature (RFC 7518, section 3.4) to DER, which OpenSSL
/// reads.
std::optional<std::string> to_der(const std::string& signature) {
  constexpr int half = 32;
  if (signature.size() != 2 * half)
    return std::nullopt;
  auto first = bytes_of(signature);
  signature_ptr pair{ECDSA_SIG_new()};
  if (ECDSA_SIG_set0(pair.get(), BN_bin2bn(first, half, nullptr),
                     BN_bin2bn(first + half, half, nullptr))
      != 1)
    return std::nullopt;
  unsigned char* data = nullptr;
  auto size = i2d_ECDSA_SIG(pair.get(), &data);
  if (size < 0)
    return std::nullopt;
  std::string result{reinterpret_cast<char*>(data), static_cast<size_t>(size)};
  OPENSSL_free(data);
  return result;
}

bool has_signed(token_algorithm algorithm, const std::string& key,
                const token_parts& token) {
  auto text = reinterpret_cast<const unsigned char*>(token.signed_text.data());
  auto size = token.signed_text.size();
  if (algorithm == token_algorithm::hs256) {
    unsigned char code[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    return HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), text,
                size, code, &length)
           && token.signature.size() == length
           && CRYPTO_memcmp(code, token.signature.data(), length) == 0;
  }
  bio_ptr in{BIO_new_mem_buf(key.data(), static_cast<int>(key.size()))};
  key_ptr verifier{PEM_read_bio_PUBKEY(in.get(), nullptr, nullptr, nullptr)};
  digest_ptr context{EVP_MD_CTX_new()};
  auto signature = algorithm == token_algorithm::es256 ? to_der(token.signature)
                                                       : token.signature;
  return verifier && signature
         && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr,
                                 verifier.get())
              == 1
         && EVP_DigestVerify(context.get(), bytes_of(*signature),
                             signature->size(), text, size)
              == 1;
}

} // namespace

std::optional<token_algorithm> parse_algorithm(std::string_view text) {
  for (auto algorithm :
       {token_algorithm::hs256, token_algorithm::rs256, token_algorithm::es256})
    if (text == jwt_alg_str(to_jwt(algorithm)))
      return algorithm;
  return std::nullopt;
}

std::variant<std::vector<std::string>, std::string>
parse_token_keys(token_algorithm algorithm, const std::string& text) {
  return algorithm == token_algorithm::hs256
           ? parse_secrets(text)
           : parse_public_keys(algorithm, text);
}

std::variant<token, std::string> verify_token(const token_rules& rules,
                                              const std::string& text,
                                              system_clock::time_point now) {
  auto parts = split_parts(text);
  if (!parts)
    return "it is no token";
  if (auto wrong = check_header(rules, parts->header); !wrong.empty())
    return wrong;
  auto is_signed = std::any_of(
    rules.keys.begin(), rules.keys.end(), [&](const std::string& key) {
      return has_signed(rules.algorithm, key, *parts);
    });
  ERR_clear_error();
  if (!is_signed)
    return "none of our keys has signed it";
  auto claims = nlohmann::json::parse(parts->claims, nullptr, false);
  if (auto wrong = check_claims(rules, claims, now); !wrong.empty())
    return wrong;
  token result;
  result.subject = *subject_of(claims);
  result.expiry = *date_of(claims["exp"]);
  if (auto topics = claims.find("topics");
      topics != claims.end() && !topics->is_null())
    topics->get_to(result.topics);
  return result;
}

std::optional<std::string> make_token(const token_rules& rules,
                                      const token& token) {
  nlohmann::json claims
    = {{"sub", token.subject}, {"exp", system_clock::to_time_t(token.expiry)}};
  if (!token.topics.empty())
    claims["topics"] = token.topics;
  if (!rules.audience.empty())
    claims["aud"] = rules.audience;
  if (!rules.issuer.empty())
    claims["iss"] = rules.issuer;
  jwt_t* raw = nullptr;
  if (jwt_new(&raw) != 0)
    return std::nullopt;
  jwt_ptr made{raw};
  auto& key = rules.keys.front();
  if (jwt_add_grants_json(raw, claims.dump().c_str()) != 0
      || jwt_set_alg(raw, to_jwt(rules.algorithm), bytes_of(key),
                     static_cast<int>(key.size()))
           != 0)
    return std::nullopt;
  text_ptr result{jwt_encode_str(raw)};
  ERR_clear_error();
  return result ? std::optional<std::string>{result.get()} : std::nullopt;
}

} // namespace waybill::net
