// What any program may publish on the open channel.

#include <nlohmann/json.hpp>

#include "actors/core/text.hpp"
#include "redis/ingress_message.hpp"
#include "test/fuzz/require.hpp"

using namespace waybill;
using fuzz::require;
using nlohmann::json;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t max_size = 1024;
  auto text = fuzz::text_of(data, size);
  auto message = redis::parse_ingress(text, max_size);
  if (!message)
    return 0;
  auto body = message->body.bytes();
  require(is_name(message->id), "KEY is an id");
  require(is_utf8(body) && body.size() <= max_size, "VALUE is a text");
  // Another parser finds the same, though not the same spelling.
  auto all = json::parse(text);
  auto& key = all.at("KEY");
  auto& value = all.at("VALUE");
  require((key.is_string() ? key.get<std::string>() : key.dump())
            == message->id,
          "KEY is what stands there");
  require(value.is_string() ? value.get<std::string>() == body
                            : json::parse(body) == value,
          "VALUE is what stands there");
  return 0;
}
