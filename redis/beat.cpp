#include "redis/beat.hpp"

#include "redis/pack.hpp"
#include "redis/sax_handler.hpp"

namespace waybill::redis {

namespace {

/// Maximum nesting of unknown members.
constexpr size_t deepest = 64;

} // namespace

std::string encode(const beat& x) {
  json members{{"kind", "beat"}, {"node", x.node}, {"client", x.client}};
  if (x.leaving)
    members["leaving"] = true;
  if (x.missing)
    members["missing"] = true;
  return pack(members);
}

std::optional<beat> decode_beat(std::string_view bytes) {
  sax_checker check{deepest};
  if (!json::sax_parse(bytes, &check, json::input_format_t::msgpack))
    return std::nullopt;
  auto members = json::from_msgpack(bytes, true, false);
  if (!members.is_object() || !members.contains("node")
      || !members["node"].is_string()
      || members.value("kind", json{}) != "beat")
    return std::nullopt;
  beat result{members["node"].get<std::string>()};
  if (auto client = members.value("client", json{});
      client.is_number_unsigned())
    result.client = client.get<uint64_t>();
  result.leaving = members.value("leaving", json{}) == true;
  result.missing = members.value("missing", json{}) == true;
  return result;
}

} // namespace waybill::redis
