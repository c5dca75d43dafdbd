#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "redis/connection.hpp"

namespace waybill::redis {

/// Waits for replicas (WAIT) on a connection of its own, on which Redis answers
/// nothing else meanwhile. One WAIT stands for all writes that were answered
/// before it: what comes while one is under way shares the next.
class replica_wait : public connection::listener {
public:
  /// Hands a reply to whoever asked for it.
  using deliverer = std::function<void(reply_handler, caf::expected<reply>)>;

  replica_wait(boost::asio::io_context& context, deliverer deliver);

  /// Asks how many replicas have all that the server has answered until now,
  /// when those are `replicas`, or after 0.3 s.
  /// @param server is connected to if that has not been done.
  void ask(const server_url& server, size_t replicas, reply_handler handler);

  /// Closes the connection, and answers all that is open with
  /// `errc::unanswered`.
  void close();

  void on_open() override;
  void on_reply(reply_handler handler, caf::expected<reply> reply) override;
  void on_push(reply reply) override;
  void on_lost(const std::string& reason) override;

private:
  /// Sends a WAIT for all that came meanwhile, unless one is under way.
  void send_next();

  boost::asio::io_context& context_;
  const deliverer deliver_;
  std::shared_ptr<connection> socket_;
  bool open_ = false;
  size_t replicas_ = 0;

  /// Those that wait for the WAIT that is under way, and for the next.
  std::vector<reply_handler> asked_;
  std::vector<reply_handler> next_;
};

} // namespace waybill::redis
