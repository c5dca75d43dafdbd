#pragma once

#include <functional>
#include <memory>

#include <boost/asio/generic/stream_protocol.hpp>

#include "net/api/api.hpp"
#include "net/config.hpp"
#include "net/peer_address.hpp"
#include "net/server/open_connections.hpp"
#include "net/server/refusal_log.hpp"
#include "net/server/tls.hpp"

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

  /// Where it is told what is refused; all loops have the same.
  std::shared_ptr<refusal_log> refusals = std::make_shared<refusal_log>();

  /// The connections that are no WebSockets. Those on ports for admins are
  /// apart, so that no client can have them closed.
  open_connections of_clients = {};
  open_connections of_admins = {};

  open_connections& connections(port_role role) {
    return role == port_role::admins ? of_admins : of_clients;
  }
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
struct connection_info {
  /// Who is at its other end.
  peer_address peer = {};

  /// What the port is for.
  port_role role = port_role::both;
};

/// Adds a connection to those that are open.
/// @param hang_up closes it, when it is silent and others need its place.
open_connections::slot add_connection(server_context& context,
                                      const connection_info& from,
                                      std::function<void()> close);

/// Logs an answer that says no, unless it only says that nobody is there.
/// @param head that of the request; null if it could not be read.
void log_refusal(server_context& context, const connection_info& from,
                 const http::request_header<>* head, const response& response);

/// Answers what comes in on `socket` until it is closed.
/// @pre runs on the loop of `socket`, which is that of `context`.
void serve(socket_type socket, server_context& context,
           const connection_info& from);

/// Does so once it speaks TLS.
void serve_tls(socket_type socket, server_context& context,
               const connection_info& from, const tls_ptr& tls);

} // namespace waybill::net
