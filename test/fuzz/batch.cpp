// Fuzzes a line of `POST /push`.

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
    require(wrong->body.contains("error"),
            "the response to an invalid line has an error");
    net::serialize(*wrong, {});
    return 0;
  }
  auto& line = std::get<net::batch_line>(parsed);
  require(line.address == push_address::everyone()
            || is_name(line.address.name()),
          "the address of a push is a name");
  require(is_utf8(line.message), "a message is a text");
  require(line.ttl.count() >= 0 && line.ttl <= std::chrono::hours{365 * 24}
            && (line.ttl.count() == 0 || line.address.is_id()),
          "only a push to an id has a ttl, up to a year");
  require(nlohmann::json::parse(mend_surrogates(text)).at("message")
            == line.message,
          "a message is unchanged");
  return 0;
}
