#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace waybill::net {

/// A permission of a key.
enum class scope : uint8_t {
  /// Push to an id, a topic or everyone.
  push = 1,
  /// Query whether an id is online.
  presence = 2,
  /// Close the sessions of an id.
  kick = 4,
  /// Read the metrics of a node.
  admin = 8,
};

/// A key with which a program may use the API. Stores only a digest, not the
/// key itself.
struct api_key {
  /// The name of its owner, for people.
  std::string name;

  /// Its SHA-256. A key is random, so it needs no slow hash.
  std::array<unsigned char, 32> digest;

  /// The granted scopes, one bit each.
  unsigned scopes = 0;

  /// The pattern that the name of an address must match.
  std::string pattern = "*";

  bool has(scope x) const noexcept {
    return (scopes & static_cast<unsigned>(x)) != 0;
  }
};

/// The keys that a node accepts.
class api_keys {
public:
  /// Parses a file with one line `name:sha256-hex:scope,scope:pattern` per key;
  /// `:pattern` is optional. Skips empty lines and comments, which begin with
  /// `#`.
  /// @returns the error instead if a line is invalid.
  static std::variant<api_keys, std::string> parse(std::string_view text);

  /// Finds a key in constant time, so that timing reveals nothing about the
  /// keys.
  /// @returns null if `text` is not one of the keys.
  const api_key* find(std::string_view text) const noexcept;

private:
  std::vector<api_key> all_;
};

/// A new key and its line in the key file.
struct made_key {
  std::string key;
  std::string line;
};

/// Creates a key of 256 random bits for `name`.
/// @returns the error instead if an argument is invalid.
std::variant<made_key, std::string> make_api_key(const std::string& name,
                                                 const std::string& scopes,
                                                 const std::string& pattern);

/// Tells whether `text` matches `pattern`, in which a `*` stands for any number
/// of characters.
bool matches(std::string_view pattern, std::string_view text) noexcept;

} // namespace waybill::net
