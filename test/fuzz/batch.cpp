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
  auto& options = line.options;
  require(options.ttl.count() >= 0 && options.ttl <= longest_ttl
            && (options.ttl.count() == 0 || line.address.is_id()),
          "only a push to an id has a ttl, up to a year");
  require(options.collapse.size() <= 64
            && (options.collapse.empty() || line.address.is_id()),
          "only a push to an id replaces others");
  require(!options.retain
            || (options.retain->count() >= 0 && *options.retain <= longest_ttl
                && line.address.is_topic()),
          "only a push to a topic is its last value, up to a year");
  require(nlohmann::json::parse(mend_surrogates(text)).at("message")
            == line.message,
          "a message is unchanged");
  return 0;
}
