// Fuzzes an HTTP connection while a session listens. The first byte is the size
// of the pieces in which the rest arrives.

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "actors/core/text.hpp"
#include "test/fuzz/node.hpp"
#include "test/fuzz/require.hpp"

using namespace waybill::fuzz;
using nlohmann::json;
using waybill::is_utf8;

namespace {

/// The responses on a connection.
struct answers {
  std::vector<int> statuses;

  /// Set if they may depend on the segmentation.
  bool vary = false;
};

/// Removes the text before `separator`, and `separator` itself, and returns the
/// text.
std::string_view take_until(std::string_view& bytes,
                            std::string_view separator) {
  auto end = bytes.find(separator);
  require(end != bytes.npos, "a response is complete");
  auto result = bytes.substr(0, end);
  bytes.remove_prefix(end + separator.size());
  return result;
}

template <class T>
T parse_number(std::string_view text) {
  T result{};
  auto last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, result);
  require(error == std::errc{} && end == last, "a number is valid");
  return result;
}

/// Checks the header fields of a response.
/// @returns its content length.
size_t check_fields(std::string_view head) {
  size_t result = 0;
  while (!head.empty()) {
    auto name = take_until(head, ": ");
    auto value = take_until(head, "\r\n");
    auto is_token = [](char c) { return c > 0x20 && c < 0x7f && c != ':'; };
    auto is_visible = [](char c) { return c >= 0x20 && c < 0x7f; };
    require(std::all_of(name.begin(), name.end(), is_token)
              && std::all_of(value.begin(), value.end(), is_visible),
            "header fields are ASCII");
    if (name == "Content-Length")
      result = parse_number<size_t>(value);
  }
  return result;
}

void check_body(int status, std::string_view body) {
  while (!body.empty()) {
    auto line = json::parse(take_until(body, "\n"));
    auto is_text = [&](const char* name) {
      return line.contains(name) && line[name].is_string();
    };
    require(line.is_object(), "responses are JSON objects");
    require(status < 400 || is_text("push")
              || (is_text("error") && is_text("message")),
            "a failure has a message");
  }
}

/// Checks an event stream, to the end of what came.
void check_stream(std::string_view bytes) {
  while (!bytes.empty()) {
    auto line = take_until(bytes, "\n");
    auto is_field
      = [&](std::string_view name) { return line.starts_with(name); };
    require(line.empty() || is_field(":") || is_field("data: ")
              || is_field("event: ") || is_field("id: ") || is_field("retry: "),
            "a stream has whole lines of its fields");
    require(is_utf8(line), "a stream is UTF-8");
  }
}

/// Parses all responses.
answers parse(std::string_view bytes) {
  constexpr std::string_view proceed = "HTTP/1.1 100 Continue\r\n\r\n";
  answers result;
  while (!bytes.empty()) {
    // Only sent if the body has not arrived yet.
    if (bytes.starts_with(proceed)) {
      bytes.remove_prefix(proceed.size());
      continue;
    }
    auto line = take_until(bytes, "\r\n");
    require(line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 "),
            "a response is HTTP");
    auto status = parse_number<int>(line.substr(9, 3));
    result.statuses.push_back(status);
    std::string head{take_until(bytes, "\r\n\r\n")};
    auto size = check_fields(head + "\r\n");
    if (status == 101) {
      parse_frames(bytes, false);
      result.vary = true;
      return result;
    }
    if (head.find("text/event-stream") != head.npos) {
      check_stream(bytes);
      result.vary = true;
      return result;
    }
    // A response to HEAD has no body; others begin with a brace.
    if (size == 0 || !bytes.starts_with('{'))
      continue;
    require(size <= bytes.size(), "a body is complete");
    auto body = bytes.substr(0, size);
    check_body(status, body);
    bytes.remove_prefix(size);
    // Timeouts, and data after a handshake, depend on the segmentation.
    if (status == 504 || body.find("bad_handshake") != body.npos
        || body.find("\"status\":504") != body.npos)
      result.vary = true;
  }
  return result;
}

/// Sends all bytes from one client, while another, which answers pings, is
/// subscribed to 456 and news.
answers run(std::string_view bytes, size_t piece) {
  node home;
  home.connect();
  auto greeting = home.send(0, handshake("456?topics=news"), 4096);
  require(greeting.starts_with("HTTP/1.1 101 "), "a session starts");
  home.connect();
  auto out = home.send(1, bytes, piece);
  for (auto& frame : parse_frames(home.send(0, "", 1), false))
    if (frame.opcode == frame::ping)
      home.send(0, print({frame::pong, false, frame.body}), 4096);
  home.wait();
  out += home.send(1, "", 1);
  parse_frames(home.send(0, "", 1), false);
  return parse(out);
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0)
    return 0;
  auto bytes = text_of(data + 1, size - 1);
  size_t piece = 1 + data[0];
  auto whole = run(bytes, bytes.size());
  if (piece >= bytes.size())
    return 0;
  auto pieces = run(bytes, piece);
  require(whole.vary || pieces.vary || whole.statuses == pieces.statuses,
          "the responses do not depend on the segmentation");
  return 0;
}
