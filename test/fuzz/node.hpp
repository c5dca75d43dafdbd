#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace waybill::fuzz {

/// What a node that is alone looks like from outside: connections in memory to
/// all that it is made of, but threads. Its time stands still.
class node {
public:
  /// @param compression allows permessage-deflate.
  explicit node(bool compression = false);

  /// Ends the node, and finds out whether anything of it is left.
  ~node();

  /// Connects a client, whose number counts up from 0.
  void connect();

  /// Sends bytes from a client, in pieces of that size, and returns what it has
  /// got since.
  std::string send(size_t client, std::string_view bytes, size_t piece);

  /// Lets ten seconds pass for the actors.
  void wait();

private:
  struct inside;
  std::unique_ptr<inside> inside_;
};

/// Returns the bytes of a handshake for the session of an id.
std::string handshake(const std::string& id, const std::string& fields = "");

/// A frame of a WebSocket (RFC 6455, section 5.2).
struct frame {
  enum type : uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

  uint8_t opcode;
  bool compressed;
  std::string body;
};

/// Writes a frame as a client does, with a mask of zeros.
/// @pre `x.body.size() < 126`
std::string print(const frame& x);

/// Takes the frames of a server, which must be well-formed, out of bytes.
/// @param compression says whether they may be compressed.
std::vector<frame> parse_frames(std::string_view bytes, bool compression);

} // namespace waybill::fuzz
