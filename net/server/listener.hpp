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

/// One loop and what its connections share.
struct worker {
  event_loop& loop;
  server_context& context;
};

/// Accepts connections on one address and deals them out to event loops, one
/// after the other. Lives on the first of them.
class listener : public std::enable_shared_from_this<listener> {
public:
  using protocol = boost::asio::generic::stream_protocol;

  /// Tells whether a connection from there may be accepted.
  using admission = std::function<bool(const peer_address&)>;

  /// Listens on `where`. The file of a unix socket is replaced if nobody
  /// listens on it.
  /// @param tls is null for a port that speaks no TLS.
  /// @param workers, admits outlive the listener.
  /// @throws boost::system::system_error if the address is taken, or not ours.
  /// @pre `!workers.empty()`
  listener(const std::vector<worker>& workers, const listen_address& address,
           port_role role, tls_ptr tls, const admission& admits);

  /// Returns the address that was taken.
  const std::string& name() const noexcept { return name_; }

  port_role role() const noexcept { return role_; }

  /// Replaces what TLS needs, for the connections to come, if this speaks it.
  void renew_tls(const tls_ptr& tls);

  /// Starts to accept.
  void accept();

  /// Stops to accept, for good, and removes the file of a unix socket.
  void close();

private:
  using error_code = boost::system::error_code;

  static constexpr auto first_delay = std::chrono::milliseconds{10};
  static constexpr auto longest_delay = std::chrono::milliseconds{1000};

  /// Hands a connection to a loop.
  void deal(socket_type socket, const worker& to);

  /// Does so if the loop has a silent connection to close for it: the process
  /// has no descriptors left but those that are kept for admins and Redis.
  void deal_for_another(socket_type socket, const worker& to,
                        const connection_info& from, int limit);

  /// Tries again, after a while that grows: with no descriptor left, the next
  /// try would fail at once, and so would the million after it.
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

  /// The other end of the connection that is accepted next.
  protocol::endpoint peer_;

  /// Removes the file of a unix socket.
  std::shared_ptr<void> file_;
  size_t next_ = 0;
};

} // namespace waybill::net
