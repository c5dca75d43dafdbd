#include "redis/members.hpp"

namespace waybill::redis {

namespace {

struct count_member {
  const char* name;
  uint64_t delivery_counts::*value;
};

constexpr count_member count_members[] = {
  {"nodes", &delivery_counts::nodes},
  {"sessions", &delivery_counts::sessions},
  {"written", &delivery_counts::written},
  {"received", &delivery_counts::received},
  {"lost", &delivery_counts::lost},
  {"dropped", &delivery_counts::dropped},
  {"superseded", &delivery_counts::superseded},
  {"expired", &delivery_counts::expired},
};

} // namespace

json unpack(std::string_view bytes) {
  sax_checker check{deepest};
  if (!json::sax_parse(bytes, &check, json::input_format_t::msgpack))
    return nullptr;
  return json::from_msgpack(bytes);
}

std::string text_in(const json& map, const char* name) {
  auto found = map.find(name);
  return found != map.end() && found->is_string() ? found->get<std::string>()
                                                  : std::string{};
}

std::vector<std::string> texts_in(const json& map, const char* name) {
  std::vector<std::string> result;
  for (auto& item : part_in(map, name))
    if (item.is_string())
      result.push_back(item.get<std::string>());
  return result;
}

uint64_t number_in(const json& map, const char* name) {
  auto found = map.find(name);
  return found != map.end() && found->is_number_unsigned()
           ? found->get<uint64_t>()
           : 0;
}

int64_t integer_in(const json& map, const char* name) {
  auto found = map.find(name);
  return found != map.end() && found->is_number_integer()
           ? found->get<int64_t>()
           : 0;
}

bool flag_in(const json& map, const char* name) {
  auto found = map.find(name);
  return found != map.end() && found->is_boolean() && found->get<bool>();
}

const json& part_in(const json& map, const char* name) {
  static const json nothing;
  auto found = map.find(name);
  return found != map.end() && found->is_structured() ? *found : nothing;
}

std::chrono::milliseconds to_ttl(uint64_t value) {
  constexpr std::chrono::milliseconds longest = longest_ttl;
  return value < static_cast<uint64_t>(longest.count())
           ? std::chrono::milliseconds{value}
           : longest;
}

void add_counts(json& map, const delivery_counts& counts) {
  for (auto& member : count_members)
    if (auto value = counts.*member.value; value > 0)
      map[member.name] = value;
}

delivery_counts counts_in(const json& map) {
  delivery_counts result;
  for (auto& member : count_members)
    result.*member.value = number_in(map, member.name);
  return result;
}

} // namespace waybill::redis
