#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace waybill::net {

/// The signature algorithm of a token (RFC 7518, section 3.1).
enum class token_algorithm {
  /// HMAC with SHA-256: the key that verifies can also sign.
  hs256,
  /// RSA (PKCS #1 v1.5) with SHA-256.
  rs256,
  /// ECDSA on P-256 with SHA-256.
  es256,
};

/// @returns nothing if `text` is not `HS256`, `RS256` or `ES256`.
std::optional<token_algorithm> parse_algorithm(std::string_view text);

/// The rules for the tokens of clients.
struct token_rules {
  /// Never read from the token, which is untrusted.
  token_algorithm algorithm = token_algorithm::hs256;

  /// Secrets, or public keys in PEM. One of them must verify the signature.
  std::vector<std::string> keys;

  /// The audience that `aud` must contain. If empty, tokens with an audience
  /// are rejected.
  std::string audience;

  /// The required `iss`; empty for any.
  std::string issuer;
};

/// The content of a token.
struct token {
  /// The id that it authorizes.
  std::string subject;

  /// Patterns of the topics that its bearer may subscribe to.
  std::vector<std::string> topics;

  std::chrono::system_clock::time_point expiry;
};

/// The tolerance for clock skew, before and after a token's validity.
constexpr auto token_leeway = std::chrono::seconds{30};

/// Parses a key file: for HS256 one secret of at least 32 bytes per line (RFC
/// 7518, section 3.2), else public keys in PEM.
/// @returns the error instead if the file is invalid.
std::variant<std::vector<std::string>, std::string>
parse_token_keys(token_algorithm algorithm, const std::string& text);

/// Verifies and parses a JSON Web Token (RFC 7519) or access token (RFC 9068).
/// It must have `sub`, a string or an integer, and `exp`; `nbf`, `aud` and
/// `iss` are checked if present, and `topics` is an array of patterns.
/// @returns the error instead, for the log: the client must not learn it.
std::variant<token, std::string>
verify_token(const token_rules& rules, const std::string& text,
             std::chrono::system_clock::time_point now);

/// Creates `token`, signed with the first key of `rules`: a secret, or a
/// private key in PEM.
/// @returns nothing if that key cannot sign.
std::optional<std::string> make_token(const token_rules& rules,
                                      const token& token);

} // namespace waybill::net
