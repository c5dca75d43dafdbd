#include "net/envelope.hpp"

#include <cassert>

#include <nlohmann/json.hpp>

#include "net/base64.hpp"

namespace waybill::net {

using json = nlohmann::ordered_json;

payload enclose(const frame& frame) {
  assert(frame.tracked);
  auto& push = *frame.tracked;
  json result;
  if (!push.id.empty())
    result["push"] = push.id;
  if (!push.entry.empty())
    result["kept"] = true;
  if (push.address.is_topic())
    result["topic"] = push.address.name();
  if (frame.body.type() == payload::format::text)
    result["data"] = frame.body.bytes();
  else
    result["base64"] = to_base64(frame.body.bytes());
  // A program that publishes to Redis may have named the push by any bytes.
  return make_text(result.dump(-1, ' ', false, json::error_handler_t::replace));
}

} // namespace waybill::net
