// Fuzzes the input of a WebSocket. The first byte selects compression and the
// size of the pieces in which the rest arrives, and in which output leaves.

#include "test/fuzz/node.hpp"
#include "test/fuzz/require.hpp"

using namespace waybill::fuzz;

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
  // Without an upstream, the node echoes messages.
  auto echo = home.send(0, text_of(data + 1, size - 1), piece);
  home.wait();
  parse_frames(echo + home.send(0, "", 1), compression);
  return 0;
}
