#include "net/tokens.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <jwt.h>
#include <nlohmann/json.hpp>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace waybill::net {

namespace {

using json = nlohmann::json;
using std::chrono::seconds;
using std::chrono::system_clock;

constexpr size_t shortest_secret = 32;
constexpr int shortest_rsa_key = 2048;

/// The year 9999, past which nobody's clock counts.
constexpr double last_date = 253402300799;

/// The last date that the clock here can count to, but for some years.
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

/// Reads the next block of a text in PEM; null at its end, or where it is
/// wrong.
key_ptr read_public_key(BIO* in, bool& more) {
  char* name = nullptr;
  char* fields = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  more = PEM_read_bio(in, &name, &fields, &data, &size) == 1;
  const unsigned char* first = data;
  key_ptr result;
  if (more && std::string_view{name} == PEM_STRING_PUBLIC)
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
      return "it has to hold public keys in PEM, and nothing else";
    if (key && !is_fit(key.get(), algorithm))
      return "RS256 takes RSA keys of 2048 bits or more, ES256 keys on P-256";
    if (key)
      result.push_back(print(key.get()));
  }
  if (result.empty())
    return "it has to hold public keys in PEM";
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
      return "a secret for HS256 has 32 bytes or more";
    result.emplace_back(line);
  }
  if (result.empty())
    return "it has to hold a secret on each line";
  return result;
}

/// Reads a date (RFC 7519, section 2).
std::optional<system_clock::time_point> date_of(const json& x) {
  if (!x.is_number() || x.get<double>() < 0 || x.get<double>() > last_date)
    return std::nullopt;
  return system_clock::time_point{
    seconds{std::min(x.get<int64_t>(), last_counted)}};
}

bool names(const json& audience, const std::string& who) {
  if (audience.is_string())
    return audience == who;
  return audience.is_array()
         && std::find(audience.begin(), audience.end(), json(who))
              != audience.end();
}

/// Says what is wrong with the claims of a token, or nothing.
std::string check_claims(const token_rules& rules, const json& claims,
                         system_clock::time_point now) {
  auto claim = [&](const char* name) {
    auto i = claims.find(name);
    return i == claims.end() ? json{} : *i;
  };
  if (!claim("sub").is_string())
    return "it has no sub";
  auto expiry = date_of(claim("exp"));
  if (!expiry)
    return "it has no exp";
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
          || !std::all_of(topics.begin(), topics.end(),
                          [](const json& x) { return x.is_string(); })))
    return "its topics are no array of texts";
  return "";
}

/// Decodes a token that one of the keys has signed.
jwt_ptr decode(const token_rules& rules, const std::string& text) {
  for (auto& key : rules.keys) {
    jwt_t* result = nullptr;
    if (jwt_decode(&result, text.c_str(), bytes_of(key),
                   static_cast<int>(key.size()))
        == 0)
      return jwt_ptr{result};
  }
  return nullptr;
}

} // namespace

std::optional<token_algorithm> parse_algorithm(std::string_view text) {
  for (auto each :
       {token_algorithm::hs256, token_algorithm::rs256, token_algorithm::es256})
    if (text == jwt_alg_str(to_jwt(each)))
      return each;
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
  // The library takes whatever its decoder overlooks, and stops at a NUL.
  auto is_part = [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_' || c == '.';
  };
  if (!std::all_of(text.begin(), text.end(), is_part))
    return "it is no token";
  auto decoded = decode(rules, text);
  ERR_clear_error();
  if (!decoded)
    return "none of our keys has signed it";
  // libjwt takes `hs256`, too; names are case-sensitive (RFC 7515, 4.1.1).
  auto named = jwt_get_header(decoded.get(), "alg");
  if (!named || parse_algorithm(named) != rules.algorithm)
    return "it is signed by another algorithm";
  if (text_ptr{jwt_get_headers_json(decoded.get(), "crit")})
    return "it has critical fields";
  text_ptr all{jwt_get_grants_json(decoded.get(), nullptr)};
  auto claims = json::parse(all ? all.get() : "", nullptr, false);
  if (auto wrong = check_claims(rules, claims, now); !wrong.empty())
    return wrong;
  token result;
  claims["sub"].get_to(result.subject);
  result.expiry = *date_of(claims["exp"]);
  if (claims.contains("topics"))
    claims["topics"].get_to(result.topics);
  return result;
}

std::optional<std::string> make_token(const token_rules& rules,
                                      const token& what) {
  json claims
    = {{"sub", what.subject}, {"exp", system_clock::to_time_t(what.expiry)}};
  if (!what.topics.empty())
    claims["topics"] = what.topics;
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
