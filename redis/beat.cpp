#include "redis/beat.hpp"

#include "redis/members.hpp"
#include "redis/pack.hpp"

namespace waybill::redis {

std::string encode(const beat& x) {
  json members{{"kind", "beat"}, {"node", x.node}, {"client", x.client}};
  if (x.leaving)
    members["leaving"] = true;
  if (x.missing)
    members["missing"] = true;
  return pack(members);
}

std::optional<beat> decode_beat(std::string_view bytes) {
  auto members = unpack(bytes);
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
