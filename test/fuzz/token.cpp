// Fuzzes JSON Web Tokens: the input as a token, and its two lines as header and
// claims, signed with a valid key.

#include <algorithm>
#include <variant>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "net/auth/tokens.hpp"
#include "test/fuzz/require.hpp"

using namespace waybill::net;
using nlohmann::json;
using waybill::fuzz::require;

namespace {

/// Encodes bytes as base64url (RFC 4648, section 5) without padding.
std::string encode(std::string_view bytes) {
  std::string result(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  auto out = reinterpret_cast<unsigned char*>(result.data());
  auto in = reinterpret_cast<const unsigned char*>(bytes.data());
  auto size = EVP_EncodeBlock(out, in, static_cast<int>(bytes.size()));
  result.resize(static_cast<size_t>(size));
  result.resize(std::min(result.find('='), result.size()));
  std::replace(result.begin(), result.end(), '+', '-');
  std::replace(result.begin(), result.end(), '/', '_');
  return result;
}

std::string sign(const std::string& text, const std::string& key) {
  unsigned char digest[32];
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest,
       nullptr);
  return encode({reinterpret_cast<const char*>(digest), sizeof(digest)});
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A time in 2026, at which the token among the seeds is valid.
  auto now = std::chrono::system_clock::time_point{
    std::chrono::seconds{1'785'000'000}};
  token_rules rules;
  rules.keys = {std::string(32, 'k')};
  auto text = waybill::fuzz::text_of(data, size);
  require(std::holds_alternative<std::string>(
            verify_token(rules, std::string{text}, now)),
          "a token without a valid signature is refused");
  auto middle = std::min(text.find('\n'), text.size());
  auto head = text.substr(0, middle);
  auto body = text.substr(std::min(middle + 1, text.size()));
  auto said = encode(head) + '.' + encode(body);
  auto read = verify_token(rules, said + '.' + sign(said, rules.keys[0]), now);
  auto valid = std::get_if<token>(&read);
  if (!valid)
    return 0;
  require(json::parse(head).at("alg") == "HS256",
          "a token does not select the algorithm");
  auto claims = json::parse(body);
  auto& subject = claims.at("sub");
  require((subject.is_string() ? subject.get<std::string>() : subject.dump())
            == valid->subject,
          "the subject is that of the claims");
  require(valid->expiry + token_leeway > now && !claims.contains("aud"),
          "an accepted token is current and has no audience");
  return 0;
}
