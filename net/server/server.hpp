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

/// All that a node listens on. Lives on the first of its event loops.
class server {
public:
  /// @param workers have contexts that outlive the server.
  /// @pre `!workers.empty()`
  explicit server(std::vector<worker> workers);

  /// Listens on `where` as well, for what `role` says, and speaks TLS if `tls`
  /// is set.
  /// @returns the address that was taken.
  /// @throws boost::system::system_error if it is taken, or not ours.
  /// @pre the loops have not been started.
  std::string listen(const listen_address& address, port_role role,
                     tls_ptr tls = nullptr);

  /// Replaces what TLS needs on all ports of `role` that speak it, for the
  /// connections to come.
  /// @pre runs on the first loop.
  void renew_tls(port_role role, const tls_ptr& tls);

  /// Replaces the rules of who may do what, for the requests to come. May be
  /// called from any thread.
  void renew_access(const access_policy_ptr& rules);

  /// Starts to accept.
  /// @pre the loops have not been started.
  void start();

  /// Stops to accept, for good. May be called from any thread.
  void stop_listening();

  /// Calls `then`, on any thread, when no loop has a request under way.
  /// @pre `stop_listening` was called, and the gateways were told to drain, so
  ///      that each answer ends its connection.
  void finish(std::function<void()> then);

private:
  /// Counts a connection against the rate of its peer.
  /// @returns false if that peer connects too fast.
  bool admits(const peer_address& peer);

  const std::vector<worker> workers_;
  std::vector<std::shared_ptr<listener>> listeners_;

  /// One for each loop, by which it measures how late it is.
  std::deque<boost::asio::steady_timer> clocks_;

  /// Counts the connections of each peer, if they are limited.
  std::optional<rate_limiter> peers_;
  const listener::admission admits_;
};

} // namespace waybill::net
