// A line of `POST /push`.

#include <variant>

#include <nlohmann/json.hpp>

#include "actors/core/text.hpp"
#include "net/api/push_options.hpp"
#include "test/fuzz/require.hpp"

using namespace waybill;
using fuzz::require;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of(data, size);
  auto parsed = net::parse_line(text);
  if (auto wrong = std::get_if<net::response>(&parsed)) {
    require(wrong->body.contains("error"), "a bad line is answered");
    net::print(wrong->body);
    return 0;
  }
  auto& line = std::get<net::batch_line>(parsed);
  require(line.address == push_address::everyone()
            || is_name(line.address.name()),
          "a push goes to a name");
  require(is_utf8(line.message), "a message is a text");
  require(line.ttl.count() >= 0 && line.ttl <= std::chrono::hours{365 * 24}
            && (line.ttl.count() == 0 || line.address.is_id()),
          "for an id, a message is kept up to a year");
  require(nlohmann::json::parse(text).at("message") == line.message,
          "a message is what stands there");
  return 0;
}
