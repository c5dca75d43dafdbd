#include "redis/redirection.hpp"

#include <charconv>

namespace waybill::redis {

namespace {

/// Removes and returns the first word of a text.
std::string_view take_word(std::string_view& text) {
  auto size = std::min(text.find(' '), text.size());
  auto result = text.substr(0, size);
  text.remove_prefix(std::min(size + 1, text.size()));
  return result;
}

} // namespace

std::optional<redirection> redirection::parse(std::string_view error,
                                              const endpoint& asked) {
  auto name = take_word(error);
  if (name == "TRYAGAIN" || name == "CLUSTERDOWN")
    return redirection{kind::later};
  if (name != "MOVED" && name != "ASK")
    return std::nullopt;
  auto digits = take_word(error);
  uint16_t slot = 0;
  auto [end, failure]
    = std::from_chars(digits.data(), digits.data() + digits.size(), slot);
  if (failure != std::errc{} || end != digits.data() + digits.size()
      || slot >= slot_count || error.empty())
    return std::nullopt;
  return redirection{name == "ASK" ? kind::ask : kind::moved, slot,
                     to_endpoint(take_word(error), asked)};
}

std::optional<uint16_t> slot_of(const command& words) {
  auto& name = words.front();
  // EVALSHA, the script, the number of keys, the keys.
  auto first = name == "EVALSHA" ? 3u : name == "PUBSUB" ? 2u : 1u;
  if (words.size() <= first || (first == 3 && words[2] == "0"))
    return std::nullopt;
  return key_slot(words[first]);
}

} // namespace waybill::redis
