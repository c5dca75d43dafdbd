// Fuzzes the input of a WebSocket, in whose midst pushes arrive whose frames
// are followed by pings. The first byte selects compression and the size of the
// pieces in which the rest arrives, and in which output leaves.

#include <array>
#include <string_view>

#include "test/fuzz/node.hpp"
#include "test/fuzz/require.hpp"

using namespace waybill::fuzz;

namespace {

constexpr std::string_view push
  = "POST /socket/456?receipt=received&wait=1s HTTP/1.1\r\nHost: h\r\n"
    "Content-Length: 1\r\n\r\na";

std::array<std::string_view, 2> halves_of(std::string_view text) {
  auto half = text.size() / 2;
  return {text.substr(0, half), text.substr(half)};
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0)
    return 0;
  auto compression = (data[0] & 0x80) != 0;
  size_t piece = 1 + (data[0] & 0x7f);
  node home{compression};
  home.connect(piece);
  auto offer
    = compression ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : "";
  auto greeting = home.send(0, handshake("456", offer), 4096);
  require(greeting.starts_with("HTTP/1.1 101 "), "a session starts");
  home.connect();
  std::string output;
  for (auto half : halves_of(text_of(data + 1, size - 1))) {
    // Without an upstream, the node echoes messages.
    output += home.send(0, half, piece);
    home.send(1, push, push.size());
  }
  home.wait();
  parse_frames(output + home.send(0, "", 1), compression);
  return 0;
}
