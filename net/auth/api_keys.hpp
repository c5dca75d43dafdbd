#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace waybill::net {

/// What a key opens.
enum class scope : uint8_t {
  /// Pushing, to an id, a topic or everyone.
  push = 1,
  /// Asking who is online.
  presence = 2,
  /// Closing the sessions of an id.
  kick = 4,
  /// The figures of a node.
  admin = 8,
};

/// A key by which a program may use the API, as a file keeps it: not the key
/// itself, only what it is recognized by.
struct api_key {
  /// For people: who has it.
  std::string name;

  /// Its SHA-256. Since a key is random, it takes no slower function.
  std::array<unsigned char, 32> digest;

  /// The scopes that it has, each a bit.
  unsigned scopes = 0;

  /// What the name of an address has to match.
  std::string pattern = "*";

  bool has(scope x) const noexcept {
    return (scopes & static_cast<unsigned>(x)) != 0;
  }
};

/// The keys that a node knows.
class api_keys {
public:
  /// Reads a file that has a line `name:sha256-hex:scope,scope:pattern` for
  /// each key, in which `:pattern` may be missing; lines that are empty or
  /// begin with
  /// `#` are for people.
  /// @returns what is wrong with it instead.
  static std::variant<api_keys, std::string> parse(std::string_view text);

  /// Finds a key in a time that does not depend on which one it is, or whether
  /// it is one.
  /// @returns null for a text that is no key of ours.
  const api_key* find(std::string_view text) const noexcept;

private:
  std::vector<api_key> all_;
};

/// A new key, and the line of the file that stands for it.
struct made_key {
  std::string key;
  std::string line;
};

/// Makes a key of 256 random bits for `name`.
/// @returns what is wrong with the arguments instead.
std::variant<made_key, std::string> make_api_key(const std::string& name,
                                                 const std::string& scopes,
                                                 const std::string& pattern);

/// Tells whether `text` is what `pattern` says, in which a `*` stands for any
/// number of characters.
bool matches(std::string_view pattern, std::string_view text) noexcept;

} // namespace waybill::net
