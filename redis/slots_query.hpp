#pragma once

#include <memory>
#include <vector>

#include "redis/connection.hpp"
#include "redis/slot_table.hpp"

namespace waybill::redis {

/// Asks servers of a Redis Cluster for their slots (`CLUSTER SLOTS`), one after
/// the other until one replies, each within a second. Has no connection while
/// nobody asks: it is for the time in which no bridge can.
class slots_query : public std::enable_shared_from_this<slots_query>,
                    public connection::listener {
public:
  /// Receives the reply of a server, and the server.
  using handler = std::function<void(const endpoint&, reply)>;

  /// @param login has the user, password and TLS of each server.
  /// @param on_reply is called from handlers of a connection. An error of the
  ///                 last server, or the reason why it cannot be asked, counts
  ///                 as its reply.
  slots_query(boost::asio::io_context& context, server_url login,
              handler on_reply);

  /// Asks these servers, unless others are being asked.
  void ask(std::vector<endpoint> servers);

  /// Stops asking. Must be the last call.
  void stop();

private:
  void on_open() override;
  void on_reply(reply_handler then, caf::expected<reply> reply) override;
  void on_push(reply reply) override;
  void on_lost(const std::string& reason) override;

  /// Connects to the next server.
  void connect();

  void disconnect();

  /// Handles the reply of the current server, and turns to the next one if it
  /// is an error.
  void finish(reply reply);

  boost::asio::io_context& context_;
  const server_url login_;

  /// Null once stopped.
  handler handler_;

  /// The servers that are left, the next one last.
  std::vector<endpoint> servers_;

  /// Null unless a server is being asked, which is `current_`.
  std::shared_ptr<connection> socket_;
  endpoint current_;
  connection::timer deadline_;
};

} // namespace waybill::redis
