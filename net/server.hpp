#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/rate.hpp"
#include "net/connection.hpp"
#include "net/event_loop.hpp"

namespace waybill::net {

/// Accepts connections and deals them out to event loops, one after the other.
/// Lives on the first of them.
class server {
public:
  /// One loop and what its connections share; the contexts outlive the server.
  struct worker {
    event_loop& loop;
    server_context& context;
  };

  /// @param on_error gets a line when connections cannot be accepted, at most
  ///                 one a second.
  /// @pre `!workers.empty()`
  server(std::vector<worker> workers,
         std::function<void(const std::string&)> on_error);

  /// Listens on `where` as well.
  /// @returns the address and port that were taken.
  /// @throws boost::system::system_error if it is taken, or not ours.
  /// @pre the loops have not been started.
  std::string listen(const listen_address& where);

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
  class listener;

  /// Counts a connection against the rate of its peer.
  /// @returns false if that peer connects too fast.
  template <class Socket>
  bool admits(const Socket& socket);

  std::vector<worker> workers_;
  std::function<void(const std::string&)> on_error_;
  std::vector<std::shared_ptr<listener>> listeners_;

  /// Counts the connections of each peer, if they are limited.
  std::optional<rate_limiter> peers_;
};

} // namespace waybill::net
