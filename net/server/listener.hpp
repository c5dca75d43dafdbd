#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>

#include "net/event_loop.hpp"
#include "net/server/connection.hpp"
#include "net/timer.hpp"

namespace waybill::net {

/// An event loop and the state that its connections share.
struct worker {
  event_loop& loop;
  server_context& context;
};

/// Accepts connections on one address and distributes them over event loops,
/// round-robin. Lives on the first of them.
class listener : public std::enable_shared_from_this<listener> {
public:
  using protocol = boost::asio::generic::stream_protocol;

  /// Tells whether to accept a connection from this address.
  using admission = std::function<bool(const peer_address&)>;

  /// Listens on `address`. Replaces a stale unix socket.
  /// @param tls null for a port without TLS.
  /// @param workers, admits outlive the listener.
  /// @throws boost::system::system_error if the address is in use or
  ///         unavailable.
  /// @pre `!workers.empty()`
  listener(const std::vector<worker>& workers, const listen_address& address,
           port_role role, tls_ptr tls, const admission& admits);

  /// Returns the bound address.
  const std::string& name() const noexcept { return name_; }

  port_role role() const noexcept { return role_; }

  /// Replaces the TLS context for new connections, if the port uses TLS.
  void renew_tls(const tls_ptr& tls);

  /// Starts accepting connections.
  void accept();

  /// Stops accepting for good, and removes the file of a unix socket.
  void close();

private:
  using error_code = boost::system::error_code;

  static constexpr auto first_delay = std::chrono::milliseconds{10};
  static constexpr auto longest_delay = std::chrono::milliseconds{1000};

  /// Passes a connection to a loop.
  void deal(socket_type socket, const worker& to);

  /// Does so in exchange for an idle connection: only the reserved descriptors
  /// are left.
  void deal_for_another(socket_type socket, const worker& to,
                        const connection_info& from, int limit);

  /// Closes an idle connection of any loop: one that has sent a request before
  /// only if there is no other.
  /// @param attempt counts the loops that had none; 0 at first.
  /// @param then receives, on some loop, whether there was one.
  void close_idle(size_t attempt, std::function<void(bool)> then);

  /// Retries with exponential backoff: without a free descriptor, each
  /// immediate retry would fail, too.
  void on_error(error_code ec);

  const std::vector<worker>& workers_;
  const port_role role_;
  tls_ptr tls_;
  const admission& admits_;
  boost::asio::basic_socket_acceptor<protocol,
                                     boost::asio::io_context::executor_type>
    acceptor_;
  std::string name_;
  timer_type pause_;
  std::chrono::milliseconds delay_ = first_delay;

  /// The peer of the connection that is accepted next.
  protocol::endpoint peer_;

  /// Removes the file of a unix socket.
  std::shared_ptr<void> file_;
  size_t next_ = 0;
};

} // namespace waybill::net
