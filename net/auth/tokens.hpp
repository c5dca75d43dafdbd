#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace waybill::net {

/// How a token is signed (RFC 7518, section 3.1).
enum class token_algorithm {
  /// By HMAC with SHA-256: who can check a token can make one.
  hs256,
  /// By RSA (PKCS #1 v1.5) with SHA-256.
  rs256,
  /// By ECDSA on P-256 with SHA-256.
  es256,
};

/// @returns nothing for a text that is not `HS256`, `RS256` or `ES256`.
std::optional<token_algorithm> parse_algorithm(std::string_view text);

/// Which tokens clients may come with.
struct token_rules {
  /// Never taken from the token, which comes from who wants to be let in.
  token_algorithm algorithm = token_algorithm::hs256;

  /// Secrets, or public keys in PEM. One of them must have signed.
  std::vector<std::string> keys;

  /// What `aud` has to name. If empty, a token that has one is for others.
  std::string audience;

  /// What `iss` has to be; empty for any.
  std::string issuer;
};

/// What a token says.
struct token {
  /// Who may come with it.
  std::string subject;

  /// Patterns of the topics that they may listen to.
  std::vector<std::string> topics;

  std::chrono::system_clock::time_point expiry;
};

/// For how long after its end, or before its begin, a token is taken: clocks
/// differ.
constexpr auto token_leeway = std::chrono::seconds{30};

/// Reads the keys in a file: for HS256 a secret of 32 bytes or more (RFC 7518,
/// section 3.2) on each line, else public keys in PEM, one after the other.
/// @returns what is wrong with it instead of keys.
std::variant<std::vector<std::string>, std::string>
parse_token_keys(token_algorithm algorithm, const std::string& text);

/// Checks a JSON Web Token (RFC 7519), or one for access (RFC 9068), and reads
/// it. It has to have `sub`, a text or an integer, and `exp`; `nbf`, `aud` and
/// `iss` are checked if it has them, and `topics` is an array of patterns.
/// @returns what is wrong with it instead, for the log: who sent it should not
///          learn that.
std::variant<token, std::string>
verify_token(const token_rules& rules, const std::string& text,
             std::chrono::system_clock::time_point now);

/// Makes a token that says `what`, with the first key of `rules`: a secret, or
/// a private key in PEM.
/// @returns nothing if that key cannot sign.
std::optional<std::string> make_token(const token_rules& rules,
                                      const token& token);

} // namespace waybill::net
