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

/// State that all connections of one event loop share.
struct server_context {
  api_context api;
  connection_config config;

  /// The number of requests in progress, and the total size of their bodies.
  size_t requests = 0;
  size_t request_memory = 0;

  /// Called, if set, when `requests` falls to 0.
  std::function<void()> on_idle = nullptr;

  /// The log of refusals, which all loops share.
  std::shared_ptr<refusal_log> refusals = std::make_shared<refusal_log>();

  /// The connections that are not WebSockets. Those on admin ports are
  /// separate, so that clients cannot displace them.
  open_connections of_clients = {};
  open_connections of_admins = {};

  open_connections& connections(port_role role) {
    return role == port_role::admins ? of_admins : of_clients;
  }
};

/// Counts a request until it ends, by whatever path.
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

  /// Reserves memory for its body.
  /// @returns false, without a reservation, if that would exceed the limit.
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

/// A stream socket, TCP or unix, bound to an event loop.
using socket_type
  = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol,
                                     boost::asio::io_context::executor_type>;

/// The origin of a connection.
struct connection_info {
  /// The peer.
  peer_address peer = {};

  /// The role of the port.
  port_role role = port_role::both;
};

/// Registers an open connection.
/// @param close closes it when it is idle and its slot is needed.
open_connections::slot add_connection(server_context& context,
                                      const connection_info& from,
                                      std::function<void()> close);

/// Counts a request that was refused.
void count_refusal(gateway& actors, const response& response);

/// Logs an error response, except for pushes that nobody received.
/// @param head the head of the request; null if it could not be read.
void log_refusal(server_context& context, const connection_info& from,
                 const http::request_header<>* head, const response& response);

/// Serves HTTP on `socket` until it is closed.
/// @pre runs on the loop of `socket`, which is that of `context`.
void serve(socket_type socket, server_context& context,
           const connection_info& from);

/// Performs a TLS handshake, then serves HTTP.
void serve_tls(socket_type socket, server_context& context,
               const connection_info& from, const tls_ptr& tls);

} // namespace waybill::net
