// Makes of this release a newer one: what it writes to other nodes and into
// Redis says more than this release knows. It takes the place of redis/pack.cpp
// and redis/scripts.cpp in `waybill_newer`, with which tests try an upgrade.

#include <stdexcept>

#include "redis/pack.hpp"
#include "redis/scripts.hpp"

// The text of the script is edited below.
#define push_script push_script_of_this_release
#include "redis/scripts.cpp"
#undef push_script

namespace waybill::redis {

namespace {

using nlohmann::json;

/// Adds to each map a member of a type that no other member has, and to each
/// trace a hop of another kind.
void add_members(json& part) {
  for (auto& member : part)
    if (member.is_structured())
      add_members(member);
  if (!part.is_object())
    return;
  if (auto trace = part.find("trace"); trace != part.end())
    trace->push_back({{"hop", "teleported"}, {"at", 1}});
  part["newer"] = {{"list", {1, -0.5, nullptr, {{"text", "x"}}}},
                   {"data", json::binary({0, 255}, 7)}};
}

/// Replaces a part of a text, which must be there.
std::string replace(std::string text, const std::string& old_part,
                    const std::string& new_part) {
  auto place = text.find(old_part);
  if (place == text.npos)
    throw std::logic_error{"no such part: " + old_part};
  return text.replace(place, old_part.size(), new_part);
}

/// Adds a field to the entries of mailboxes, and to what is recorded of a key;
/// and before a push of its own kind to its address and to all nodes.
std::string newer_push_script() {
  auto text = push_script_of_this_release.text;
  text = replace(text, "'message', message,",
                 "'newer', 'field', 'message', message,");
  text = replace(text, "'fingerprint', ARGV[5],",
                 "'newer', 'field', 'fingerprint', ARGV[5],");
  return replace(text, "local nodes = redis.call('PUBLISH'", R"(
local newer = '\130\164kind\165newer\164text\165newer'
redis.call('PUBLISH', ARGV[1], newer)
redis.call('PUBLISH', string.match(ARGV[8], '^[^:]*') .. ':nodes', newer)
local nodes = redis.call('PUBLISH')");
}

} // namespace

std::string pack(const json& message) {
  auto newer = message;
  add_members(newer);
  std::string result;
  json::to_msgpack(newer, result);
  return result;
}

const script push_script{newer_push_script()};

} // namespace waybill::redis
