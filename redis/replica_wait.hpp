#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "redis/connection.hpp"

namespace waybill::redis {

/// Waits for replicas (WAIT) on a dedicated connection, since WAIT blocks all
/// later commands of its connection. One WAIT covers all writes that were
/// answered before it, so calls that come meanwhile share the next one.
class replica_wait : public connection::listener {
public:
  /// Passes a reply to its handler.
  using deliverer = std::function<void(reply_handler, caf::expected<reply>)>;

  replica_wait(boost::asio::io_context& context, deliverer deliver);

  /// Waits until `replicas` replicas have all writes that the server has
  /// answered until now, or for 0.3 s, and replies with the number of those
  /// that have.
  /// @param server is connected to on first use.
  void ask(const server_url& server, size_t replicas, reply_handler handler);

  /// Closes the connection, and fails all pending calls: with
  /// `errc::unanswered`, or `errc::bus_away` if the command was not sent.
  void close();

  void on_open() override;
  void on_reply(reply_handler handler, caf::expected<reply> reply) override;
  void on_push(reply reply) override;
  void on_lost(const std::string& reason) override;

private:
  /// Sends one WAIT for all pending calls, unless one is in flight.
  void send_next();

  boost::asio::io_context& context_;
  const deliverer deliver_;
  std::shared_ptr<connection> socket_;
  bool open_ = false;
  size_t replicas_ = 0;

  /// Handlers of the WAIT in flight, and of the next.
  std::vector<reply_handler> asked_;
  std::vector<reply_handler> next_;
};

} // namespace waybill::redis
