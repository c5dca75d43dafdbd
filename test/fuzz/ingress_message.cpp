// Fuzzes messages on the open channel, which any program may publish.

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
  if (auto plain = redis::read_plain_ingress(text, max_size))
    require(message && message->id == plain->id
              && message->body == make_text(std::string{plain->text}),
            "both readers give one answer");
  if (!message)
    return 0;
  auto body = message->body.bytes();
  require(is_name(message->id), "KEY is an id");
  require(is_utf8(body) && body.size() <= max_size, "VALUE is a text");
  // Another parser reads the same values, if not the same spelling.
  auto all = json::parse(mend_surrogates(text));
  auto& key = all.at("KEY");
  auto& value = all.at("VALUE");
  require((key.is_string() ? key.get<std::string>() : key.dump())
            == message->id,
          "KEY is unchanged");
  require(value.is_string() ? value.get<std::string>() == body
                            : json::parse(body) == value,
          "VALUE is unchanged");
  return 0;
}
