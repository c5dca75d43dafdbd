// Fuzzes the frames of a client, which Beast's WebSocket reads as well: both
// must find the same. The first byte is the size of the pieces in which the
// rest arrives.

#include <algorithm>
#include <string>
#include <vector>

#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket.hpp>

#include "actors/core/text.hpp"
#include "net/websocket/frame_reader.hpp"
#include "test/fuzz/require.hpp"

using namespace waybill;
using namespace waybill::fuzz;

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace ws = beast::websocket;

constexpr size_t max_message = 1024;

/// A message, a control frame, or a violation.
struct event {
  enum kind { text, binary, ping, pong, close, violation };

  kind type;

  /// Its content, or the status code.
  std::string bytes;

  friend bool operator==(const event&, const event&) = default;
};

using events = std::vector<event>;

bool ends_in_violation(const events& all) {
  return !all.empty() && all.back().type == event::violation;
}

event to_event(const net::frame_reader::event& x) {
  struct converter {
    event operator()(const net::frame_reader::message& x) const {
      auto is_text = x.type == payload::format::text;
      require(!is_text || is_utf8(x.bytes), "a text is UTF-8");
      return {is_text ? event::text : event::binary, x.bytes};
    }
    event operator()(const net::frame_reader::ping& x) const {
      return {event::ping, x.bytes};
    }
    event operator()(const net::frame_reader::pong& x) const {
      return {event::pong, x.bytes};
    }
    event operator()(const net::frame_reader::close& x) const {
      return {event::close, std::to_string(x.code)};
    }
    event operator()(const net::frame_reader::violation& x) const {
      return {event::violation, to_string(x.code)};
    }
  };
  return std::visit(converter{}, x);
}

events read(std::string_view bytes, size_t piece) {
  net::frame_reader reader{max_message};
  events result;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
    for (auto part = bytes.substr(0, piece); !part.empty();)
      if (auto next = reader.read(part)) {
        result.push_back(to_event(*next));
        if (result.back().type >= event::close)
          return result;
      }
  return result;
}

/// Returns the status code of the close frame that ends some output.
std::string close_code_at_end(std::string_view output) {
  constexpr size_t size = 4;
  if (output.size() < size)
    return "";
  auto byte
    = [&](size_t i) { return static_cast<uint8_t>(output[output.size() - i]); };
  return std::to_string(byte(2) << 8 | byte(1));
}

/// Has Beast read the same.
events read_with_beast(std::string_view bytes) {
  boost::asio::io_context io;
  ws::stream<beast::test::stream> server{io};
  auto client = beast::test::connect(server.next_layer());
  http::request<http::empty_body> head{http::verb::get, "/", 11};
  head.set(http::field::host, "h");
  head.set(http::field::connection, "Upgrade");
  head.set(http::field::upgrade, "websocket");
  head.set(http::field::sec_websocket_version, "13");
  head.set(http::field::sec_websocket_key, "AAAAAAAAAAAAAAAAAAAAAA==");
  server.accept(head);
  server.read_message_max(max_message);
  events result;
  server.control_callback([&](ws::frame_type type, beast::string_view body) {
    if (type != ws::frame_type::close)
      result.push_back(
        {type == ws::frame_type::ping ? event::ping : event::pong,
         std::string{body}});
  });
  client.write_some(boost::asio::buffer(bytes.data(), bytes.size()));
  server.next_layer().close_remote();
  for (;;) {
    beast::flat_buffer message;
    boost::system::error_code ec;
    server.read(message, ec);
    if (!ec) {
      result.push_back({server.got_text() ? event::text : event::binary,
                        beast::buffers_to_string(message.data())});
      continue;
    }
    auto code = close_code_at_end(client.str());
    if (ec == ws::error::closed)
      result.push_back({event::close, code});
    else if (ec != boost::asio::error::eof)
      result.push_back({event::violation, code});
    return result;
  }
}

/// Checks that both have found the same, but for what is known of Beast.
void compare(const events& ours, const events& theirs) {
  auto [end, other]
    = std::mismatch(ours.begin(), ours.end(), theirs.begin(), theirs.end());
  if (end == ours.end() && other == theirs.end())
    return;
  auto are_last = other + 1 >= theirs.end();
  // It accepts a text that is cut before an empty fragment.
  if (end != ours.end() && *end == event{event::violation, "1007"}
      && other != theirs.end() && other->type == event::text)
    return require(!is_utf8(other->bytes), "it is a text that is not UTF-8");
  require(ends_in_violation(theirs) && are_last, "it finds nothing more");
  // It judges a head by its first bytes, and a text before its end.
  if (end == ours.end())
    return;
  if (other->bytes == "1007")
    return require(
      std::none_of(end, ours.end(),
                   [](const event& x) { return x.type <= event::binary; }),
      "a bad text is no message");
  // It has another code for lengths beyond 63 bits.
  require(end->type == event::violation && end + 1 == ours.end(),
          "both find a violation");
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0)
    return 0;
  auto bytes = text_of(data + 1, size - 1);
  auto whole = read(bytes, bytes.size() + 1);
  require(read(bytes, 1 + data[0]) == whole, "pieces do not matter");
  compare(whole, read_with_beast(bytes));
  return 0;
}
