#include "net/auth/api_keys.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "actors/core/text.hpp"

namespace waybill::net {

namespace {

/// Removes the text before the next `end`, and `end` itself, from `text`.
/// @returns the text before `end`.
std::string_view take(std::string_view& text, char end) {
  auto result = text.substr(0, text.find(end));
  text.remove_prefix(std::min(result.size() + 1, text.size()));
  return result;
}

std::array<unsigned char, 32> digest_of(std::string_view text) {
  std::array<unsigned char, 32> result;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         result.data());
  return result;
}

std::string to_hex(const std::array<unsigned char, 32>& bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  for (auto byte : bytes) {
    result += digits[byte >> 4];
    result += digits[byte & 15];
  }
  return result;
}

std::optional<std::array<unsigned char, 32>> from_hex(std::string_view text) {
  std::array<unsigned char, 32> result;
  size_t size = 0;
  if (text.size() != 2 * result.size()
      || OPENSSL_hexstr2buf_ex(result.data(), result.size(), &size,
                               std::string{text}.c_str(), '\0')
           != 1)
    return std::nullopt;
  return result;
}

/// @returns 0 if one of them is unknown.
unsigned parse_scopes(std::string_view text) {
  unsigned result = 0;
  while (!text.empty()) {
    auto name = take(text, ',');
    auto x = name == "push"       ? scope::push
             : name == "presence" ? scope::presence
             : name == "kick"     ? scope::kick
             : name == "admin"    ? scope::admin
                                  : scope{0};
    if (x == scope{0})
      return 0;
    result |= static_cast<unsigned>(x);
  }
  return result;
}

/// Returns the error in the parts of a key; empty if there is none.
std::string check(std::string_view name, std::string_view scopes,
                  std::string_view pattern) {
  if (!is_name(name) || name.find(':') != name.npos || name.starts_with('#'))
    return "the name of a key must be a text without slashes and colons";
  if (parse_scopes(scopes) == 0)
    return "the scopes of a key must be push, presence, kick or admin";
  if (!is_name(pattern))
    return "the pattern of a key must be a name, with * for any characters";
  return "";
}

} // namespace

std::variant<api_keys, std::string> api_keys::parse(std::string_view text) {
  api_keys result;
  for (size_t number = 1; !text.empty(); ++number) {
    auto line = take(text, '\n');
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (line.empty() || line.starts_with('#'))
      continue;
    api_key key;
    auto name = take(line, ':');
    auto digest = from_hex(take(line, ':'));
    auto scopes = take(line, ':');
    auto pattern = line.empty() ? std::string_view{"*"} : line;
    auto wrong = check(name, scopes, pattern);
    if (wrong.empty() && !digest)
      wrong = "the SHA-256 of a key must be 64 hexadecimal digits";
    if (!wrong.empty())
      return "line " + std::to_string(number) + ": " + wrong;
    result.all_.push_back(
      {std::string{name}, *digest, parse_scopes(scopes), std::string{pattern}});
  }
  return result;
}

const api_key* api_keys::find(std::string_view text) const noexcept {
  auto digest = digest_of(text);
  const api_key* result = nullptr;
  for (auto& key : all_)
    if (CRYPTO_memcmp(digest.data(), key.digest.data(), digest.size()) == 0)
      result = &key;
  return result;
}

std::variant<made_key, std::string> make_api_key(const std::string& name,
                                                 const std::string& scopes,
                                                 const std::string& pattern) {
  if (auto wrong = check(name, scopes, pattern); !wrong.empty())
    return wrong;
  std::array<unsigned char, 32> bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error{"no random numbers"};
  auto key = "waybill_" + to_hex(bytes);
  return made_key{key, name + ':' + to_hex(digest_of(key)) + ':' + scopes + ':'
                         + pattern};
}

bool matches(std::string_view pattern, std::string_view text) noexcept {
  // The last `*` and its position in `text`, to backtrack to on a mismatch.
  auto star = pattern.npos;
  size_t rest = 0;
  size_t i = 0;
  for (size_t j = 0; j < text.size();) {
    if (i < pattern.size() && pattern[i] == '*') {
      star = i++;
      rest = j;
    } else if (i < pattern.size() && pattern[i] == text[j]) {
      ++i;
      ++j;
    } else if (star != pattern.npos) {
      i = star + 1;
      j = ++rest;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', i) == pattern.npos;
}

} // namespace waybill::net
