#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "net/connection.hpp"
#include "net/event_loop.hpp"

namespace waybill::net {

/// Where a server listens: `host:port` with a name or number, `[::1]:8080`, or
/// `:8080` for all addresses. Port 0 takes a free one.
struct listen_address {
  std::string host;
  std::string port;

  /// @returns nothing for a text that is no such address.
  static std::optional<listen_address> parse(std::string_view text);

  /// Tells whether only this machine can connect to it.
  bool is_loopback() const;
};

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

  /// Stops to accept, for good, and has each answer end its connection. May be
  /// called from any thread.
  void drain();

  /// Calls `then`, on any thread, when no loop has a request under way.
  /// @pre `drain` was called.
  void finish(std::function<void()> then);

private:
  class listener;

  std::vector<worker> workers_;
  std::function<void(const std::string&)> on_error_;
  std::vector<std::shared_ptr<listener>> listeners_;
};

} // namespace waybill::net
