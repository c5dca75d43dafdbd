#pragma once

#include <cerrno>
#include <cstdint>
#include <iterator>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <tuple>
#include <unistd.h>
#include <unordered_map>
#include <utility>

namespace waybill::bench {

/// A descriptor that an event loop watches.
class watched {
public:
  explicit watched(int descriptor) : descriptor_(descriptor) {}

  watched(const watched&) = delete;

  virtual ~watched() = default;

  /// Handles events of epoll. Returns whether the object is still needed.
  virtual bool on_event(std::uint32_t events) = 0;

  int descriptor() const { return descriptor_; }

private:
  int descriptor_;
};

/// Waits for events of descriptors, each of which is registered once,
/// edge-triggered, so that an event costs no more than its share of
/// `epoll_wait`.
class event_loop {
public:
  event_loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

  event_loop(const event_loop&) = delete;

  ~event_loop() { close(epoll_); }

  /// Keeps an object until it is no longer needed, or removed.
  template <class T>
  T& add(std::unique_ptr<T> object) {
    epoll_event event = {};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = static_cast<watched*>(object.get());
    epoll_ctl(epoll_, EPOLL_CTL_ADD, object->descriptor(), &event);
    auto& result = *object;
    objects_.emplace(&result, std::move(object));
    return result;
  }

  /// @pre no event is being handled
  void remove(watched& object) { objects_.erase(&object); }

  /// Handles the events that there are, or the next ones within `timeout`
  /// milliseconds.
  void turn(int timeout) {
    epoll_event events[256];
    int count = epoll_wait(epoll_, events, std::size(events), timeout);
    for (int i = 0; i < count; ++i) {
      auto* object = static_cast<watched*>(events[i].data.ptr);
      if (!object->on_event(events[i].events))
        objects_.erase(object);
    }
  }

private:
  int epoll_;
  std::unordered_map<watched*, std::unique_ptr<watched>> objects_;
};

/// A TCP connection that owns its socket.
class connection : public watched {
public:
  using watched::watched;

  ~connection() override { close(descriptor()); }

  bool on_event(std::uint32_t events) final {
    if (!output_.empty())
      send(std::exchange(output_, {}));
    bool is_open = receive(events);
    return on_input(input_, is_open) && is_open;
  }

  /// Writes bytes, now or when the socket has room. An error shows when the
  /// socket is read.
  void send(std::string_view bytes) {
    if (output_.empty()) {
      auto sent
        = ::send(descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      bytes.remove_prefix(sent < 0 ? 0 : sent);
    }
    output_ += bytes;
  }

protected:
  /// Takes messages off the front of what was received. Returns whether the
  /// connection is still needed.
  /// @param is_open whether the peer may send more
  virtual bool on_input(std::string& input, bool is_open) = 0;

private:
  /// Returns whether the peer may send more.
  bool receive(std::uint32_t events) {
    if (!(events & ~EPOLLOUT))
      return true;
    char buffer[64 * 1024];
    for (;;) {
      auto count = recv(descriptor(), buffer, sizeof buffer, 0);
      if (count <= 0)
        return count < 0 && (errno == EAGAIN || errno == ENOTCONN);
      input_.append(buffer, count);
      // A short read has emptied the socket, unless its end is behind the
      // bytes.
      if (count < static_cast<ssize_t>(sizeof buffer) && !(events & EPOLLRDHUP))
        return true;
    }
  }

  std::string input_;
  std::string output_;
};

/// Makes a socket that sends small messages at once; so do those that it
/// accepts.
inline int make_socket() {
  int result = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(result, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return result;
}

/// Returns the address of a port of this machine.
inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// Begins to connect to a port of this machine. Returns the socket.
inline int connect_to(std::uint16_t port) {
  int result = make_socket();
  auto address = loopback(port);
  // A refusal shows when the socket is read.
  std::ignore
    = connect(result, reinterpret_cast<sockaddr*>(&address), sizeof address);
  return result;
}

// -- WebSocket frames (RFC 6455, 5.2) -----------------------------------------

enum opcode : std::uint8_t {
  op_text = 1,
  op_close = 8,
  op_ping = 9,
  op_pong = 10
};

/// A frame at the front of some bytes.
struct frame {
  std::uint8_t opcode;
  std::string_view payload;
  std::size_t size = 0;
};

/// Returns the first frame, whose `size` is 0 if it is not there as a whole. A
/// payload that is masked stays so.
inline frame first_frame(std::string_view bytes) {
  auto byte
    = [bytes](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  if (bytes.size() < 2)
    return {};
  std::size_t length = byte(1) & 0x7f;
  std::size_t head = 2;
  if (length == 126) {
    if (bytes.size() < 4)
      return {};
    length = byte(2) << 8 | byte(3);
    head = 4;
  } else if (length == 127) {
    if (bytes.size() < 10)
      return {};
    length = 0;
    for (head = 2; head < 10; ++head)
      length = length << 8 | byte(head);
  }
  head += byte(1) & 0x80 ? 4 : 0;
  if (bytes.size() < head + length)
    return {};
  return {static_cast<std::uint8_t>(byte(0) & 0x0f), bytes.substr(head, length),
          head + length};
}

/// Returns a frame of at most 65,535 bytes.
/// @param is_masked whether a client sends it; the mask is 0, which changes no
/// byte
inline std::string make_frame(opcode code, std::string_view payload,
                              bool is_masked) {
  std::string result = {static_cast<char>(0x80 | code)};
  auto mask_bit = is_masked ? 0x80 : 0;
  if (payload.size() < 126) {
    result += static_cast<char>(mask_bit | payload.size());
  } else {
    result += static_cast<char>(mask_bit | 126);
    result += static_cast<char>(payload.size() >> 8);
    result += static_cast<char>(payload.size());
  }
  result.append(is_masked ? 4 : 0, '\0');
  return result.append(payload);
}

} // namespace waybill::bench
