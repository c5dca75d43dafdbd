#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "actors/core/rate.hpp"
#include "net/server/listener.hpp"

namespace waybill::net {

/// The listeners of a node. Lives on the first of its event loops.
class server {
public:
  /// @param workers their loops and contexts outlive the server.
  /// @pre `!workers.empty()`
  explicit server(std::vector<worker> workers);

  /// Listens on `address` for requests of `role`, with TLS if `tls` is set.
  /// @returns the bound address.
  /// @throws boost::system::system_error if the address is in use or
  ///         unavailable.
  /// @pre the loops have not been started.
  std::string listen(const listen_address& address, port_role role,
                     tls_ptr tls = nullptr);

  /// Replaces the TLS context of new connections on all TLS ports of `role`.
  /// @pre runs on the first loop.
  void renew_tls(port_role role, const tls_ptr& tls);

  /// Replaces the access policy for new requests. May be called from any
  /// thread.
  void renew_access(const access_policy_ptr& rules);

  /// Starts accepting connections.
  /// @pre the loops have not been started.
  void start();

  /// Stops accepting for good. May be called from any thread.
  void stop_listening();

  /// Calls `then`, on any thread, when no request is in progress.
  /// @pre `stop_listening` was called, and the gateways drain, so that each
  ///      response ends its connection.
  void finish(std::function<void()> then);

private:
  /// Counts a connection against the rate limit of its peer.
  /// @returns false if the peer exceeds it.
  bool admits(const peer_address& peer);

  const std::vector<worker> workers_;
  std::vector<std::shared_ptr<listener>> listeners_;

  /// Timers that measure the delay of each loop.
  std::deque<boost::asio::steady_timer> clocks_;

  /// Limits the connection rate of each peer, if set.
  std::optional<rate_limiter> peers_;
  const listener::admission admits_;
};

} // namespace waybill::net
