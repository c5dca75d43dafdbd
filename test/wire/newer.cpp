// Simulates a newer release, whose messages and values in Redis have members
// that this release does not know. Replaces redis/pack.cpp and
// redis/scripts.cpp in `waybill_newer`, which the upgrade tests run.

#include <stdexcept>

#include "redis/pack.hpp"
#include "redis/scripts.hpp"

// The text of the script is edited below.
#define scripts_of scripts_of_this_release
#include "redis/scripts.cpp"
#undef scripts_of

namespace waybill::redis {

namespace {

using nlohmann::json;

/// Adds a member of an unusual type to each map, and an event of an unknown
/// kind to each trace.
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

/// Replaces the first occurrence of a part of a text.
/// @throws std::logic_error if there is none.
std::string replace(std::string text, const std::string& old_part,
                    const std::string& new_part) {
  auto position = text.find(old_part);
  if (position == text.npos)
    throw std::logic_error{"no such part: " + old_part};
  return text.replace(position, old_part.size(), new_part);
}

/// Returns a script that adds a field to mailbox entries and to records of
/// keys, and publishes a push of an unknown kind before each push, to its
/// address and to all nodes.
std::string newer_push_script(std::string text) {
  text = replace(text, "'message', message,",
                 "'newer', 'field', 'message', message,");
  text = replace(text, "'fingerprint', ARGV[7],",
                 "'newer', 'field', 'fingerprint', ARGV[7],");
  return replace(text, "local nodes = redis.call(PUBLISH", R"(
local newer = '\130\164kind\165newer\164text\165newer'
redis.call(PUBLISH, ARGV[1], newer)
redis.call(PUBLISH, ARGV[5], newer)
local nodes = redis.call(PUBLISH)");
}

script_table newer_table(pubsub_kind kind) {
  auto result = scripts_of_this_release(kind);
  result.push = script{newer_push_script(result.push.text)};
  return result;
}

} // namespace

std::string pack(const json& message) {
  auto newer = message;
  add_members(newer);
  std::string result;
  json::to_msgpack(newer, result);
  return result;
}

const script_table& scripts_of(pubsub_kind kind) {
  static const auto classic = newer_table(pubsub_kind::classic);
  static const auto sharded = newer_table(pubsub_kind::sharded);
  return kind == pubsub_kind::classic ? classic : sharded;
}

} // namespace waybill::redis
