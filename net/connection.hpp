#pragma once

#include <functional>

#include <boost/asio/generic/stream_protocol.hpp>

#include "net/api.hpp"
#include "net/config.hpp"
#include "net/peer_address.hpp"
#include "net/tls.hpp"

namespace waybill::net {

/// What the connections of one event loop share.
struct server_context {
  api_context api;
  connection_config config;

  /// How many requests are being read or answered, and how many bytes their
  /// bodies have.
  size_t requests = 0;
  size_t request_memory = 0;

  /// Called, if set, when that number falls to 0.
  std::function<void()> on_idle = nullptr;

  /// Gets, if set, why a connection ended before its first request.
  std::function<void(const std::string&)> on_bad_start = nullptr;
};

/// Counts a request for as long as it is under way, however it ends.
class request_guard {
public:
  explicit request_guard(server_context& context) : context_(context) {
    ++context_.requests;
  }

  request_guard(const request_guard&) = delete;

  ~request_guard() {
    context_.request_memory -= memory_;
    if (--context_.requests == 0 && context_.on_idle)
      context_.on_idle();
  }

  /// Counts the bytes of its body.
  /// @returns false, having counted none, if that is more than there is.
  bool hold(size_t bytes) {
    if (bytes > context_.config.max_request_memory - context_.request_memory)
      return false;
    memory_ += bytes;
    context_.request_memory += bytes;
    return true;
  }

private:
  server_context& context_;
  size_t memory_ = 0;
};

/// A socket of any kind of stream, TCP or unix, bound to an event loop.
using socket_type
  = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol,
                                     boost::asio::io_context::executor_type>;

/// How a connection came in.
struct arrival {
  /// Who is at its other end.
  peer_address peer = {};

  /// What the port is for.
  port_role role = port_role::both;
};

/// Answers what comes in on `socket` until it is closed.
/// @pre runs on the loop of `socket`, which is that of `context`.
void serve(socket_type socket, server_context& context, const arrival& from);

/// Does so once it speaks TLS.
void serve_tls(socket_type socket, server_context& context, const arrival& from,
               const tls_ptr& tls);

} // namespace waybill::net
