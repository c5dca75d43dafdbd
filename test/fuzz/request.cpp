// Fuzzes the head of a request, up to the checks of the API.

#include <algorithm>
#include <optional>
#include <variant>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "actors/core/text.hpp"
#include "net/api/route.hpp"
#include "test/fuzz/require.hpp"

using namespace waybill;
using namespace waybill::net;
using fuzz::require;

namespace {

std::string quote(const std::string& text) {
  return boost::urls::encode(text, boost::urls::unreserved_chars);
}

/// Serializes a target, with everything encoded that may be.
std::string print(const target& target) {
  std::string result;
  for (auto& segment : target.path)
    result += '/' + quote(segment);
  auto separator = '?';
  for (auto& [name, value] : target.query) {
    result += separator + quote(name) + '=' + quote(value);
    separator = '&';
  }
  return result;
}

/// The first segment is not decoded, so only a path that is known survives.
void check_target(const target& target) {
  auto again = parse_target(print(target), "h");
  auto same = std::get_if<net::target>(&again);
  require(same && same->path == target.path && same->query == target.query,
          "a target survives a round trip");
}

void check_request(const target& target, const request& request) {
  check_target(target);
  auto address = address_of(request);
  require(!address || address == push_address::everyone()
            || is_name(address->name()),
          "the address of a request is a name");
  if (auto client = client_part(request))
    require(
      client->topics.size() <= 100
        && std::all_of(client->topics.begin(), client->topics.end(), is_name),
      "topics have names");
  if (auto stream = std::get_if<events_request>(&request))
    require(event_position::parse(to_string(stream->position))
              == stream->position,
            "a position survives a round trip");
  if (auto push = std::get_if<push_request>(&request))
    require(push->options.wait.count() >= 0 && push->options.ttl.count() >= 0
              && push->options.ttl <= longest_ttl,
            "times have bounds");
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto bytes = fuzz::text_of(data, size);
  auto end = find_head_end(bytes);
  if (end <= 0)
    return 0;
  auto head = bytes.substr(0, static_cast<size_t>(end));
  require(head.ends_with("\r\n"), "a head ends with an empty line");
  if (check_head(head, 100))
    return 0;
  http::request_parser<http::empty_body> parser;
  parser.header_limit(16 * 1024);
  boost::system::error_code ec;
  parser.put(boost::asio::buffer(head.data(), head.size()), ec);
  if (ec && ec != http::error::need_more)
    return 0;
  auto& fields = parser.get().base();
  for (auto& field : fields)
    require(field.value().find_first_of(std::string_view{"\0\r\n", 3})
              == std::string_view::npos,
            "a field has one line");
  if (check_fields(fields))
    return 0;
  auto parsed = parse_head(fields);
  if (std::holds_alternative<response>(parsed))
    return 0;
  auto& request_head = std::get<net::request_head>(parsed);
  auto routed = route(request_head, port_role::both, 100);
  if (auto wrong = std::get_if<response>(&routed))
    net::serialize(*wrong, {});
  else
    check_request(request_head.target,
                  std::get<routed_request>(routed).request);
  return 0;
}
