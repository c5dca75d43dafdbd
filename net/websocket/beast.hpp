#pragma once

// Beast's WebSocket. All files include it by this one: a program must have one
// kind of buffer (house_rules.py).

#include <boost/beast/core/static_buffer.hpp>

/// The buffer of a WebSocket for the heads of frames, and for control frames,
/// which have at most 139 bytes. With Beast's own, of 1,536 bytes, it is most
/// of the memory of an idle session. A longer payload is read into the buffer
/// of the caller.
template <>
class boost::beast::static_buffer<1536> : public static_buffer_base {
public:
  static_buffer() noexcept : static_buffer_base(bytes_, sizeof(bytes_)) {
    // nop
  }

  static_buffer(const static_buffer&) = delete;

private:
  char bytes_[256];
};

#include <boost/beast/websocket.hpp>
