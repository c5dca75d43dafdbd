#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace waybill::fuzz {

/// A single node with in-memory connections, without threads, in simulated
/// time.
class node {
public:
  /// @param compression accepts permessage-deflate.
  explicit node(bool compression = false);

  /// Stops the node, and checks that nothing of it is left.
  ~node();

  /// Connects a client. Clients are numbered from 0.
  /// @param piece the maximum number of bytes that its socket takes at once.
  void connect(size_t piece = SIZE_MAX);

  /// Sends bytes from a client, in pieces of that size, and returns the bytes
  /// that it has received since the last call.
  std::string send(size_t client, std::string_view bytes, size_t piece);

  /// Advances the time of the actors by ten seconds.
  void wait();

private:
  struct inside;
  std::unique_ptr<inside> inside_;
};

/// Builds the handshake for a session of an id.
std::string handshake(const std::string& id, const std::string& fields = "");

/// A WebSocket frame (RFC 6455, section 5.2).
struct frame {
  enum type : uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

  uint8_t opcode;
  bool compressed;
  std::string body;
};

/// Serializes a frame as a client does, with a mask of zeros.
/// @pre `x.body.size() < 126`
std::string print(const frame& x);

/// Parses the frames of a server, and requires them to be well-formed.
/// @param compression allows compressed frames.
std::vector<frame> parse_frames(std::string_view bytes, bool compression);

} // namespace waybill::fuzz
