#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "redis/connection.hpp"
#include "redis/link_state.hpp"
#include "redis/replica_wait.hpp"
#include "redis/sentinels.hpp"
#include "redis/subscription_order.hpp"

namespace waybill::redis {

/// A client whose two connections to Redis open and close together, since a
/// node that can only publish, or only receive, must count as away. Reconnects
/// after 0.1 s, doubled up to 1 s, less a random part, so that a cluster does
/// not reconnect in one instant.
///
/// With Sentinels it connects to the master that they name, and drops the link
/// as soon as they name another: a demoted master may keep its sockets open and
/// return canaries.
class client_link : public client,
                    public std::enable_shared_from_this<client_link>,
                    public sentinels::listener {
public:
  /// @param pubsub selects the commands for channels of addresses and nodes.
  client_link(boost::asio::io_context& context, server_url url,
              pubsub_kind pubsub = pubsub_kind::classic);

  void start(link_owner_actor owner) override;

  void subscribe(std::vector<std::string> channels) override;

  void unsubscribe(std::vector<std::string> channels) override;

  void subscribe_open(std::string channel) override;

  void unsubscribe_open(std::string channel) override;

  void send(const command& command, reply_handler then) override;

  void await_replicas(size_t replicas, reply_handler handler) override;

  void set_farewell(command last) override;

  size_t unsent_bytes() const override;

  bool take_activity() override;

  void reset(std::string reason) override;

  void abandon(std::string reason) override;

  void stop() override;

private:
  /// One of the two connections, and the listener of its events.
  struct link_connection : connection::listener {
    link_connection(client_link& parent, link_state::side side)
        : parent(parent), side(side) {
      // nop
    }
    void on_open() override;
    void on_reply(reply_handler then, caf::expected<reply> reply) override;
    void on_message(const channel_message& message) override;
    void on_push(reply reply) override;
    void on_lost(const std::string& reason) override;
    client_link& parent;
    const link_state::side side;
    std::shared_ptr<connection> socket;
  };

  /// Resolves the master if there are Sentinels, or opens both connections.
  void connect();

  void open();

  void close();

  /// Closes the connections, and reconnects later.
  void lose(std::string reason);

  void on_master(const server_url& url) override;

  void on_no_master(const std::string& reason) override;

  /// Sends the command `name` with channels on the subscribed connection.
  void send_pubsub(const char* name, std::vector<std::string> channels);

  /// Sends a command for one channel of a Redis Cluster, whose reply may be an
  /// error.
  void send_ordered(const char* name, subscription_order::command type,
                    std::string channel);

  /// Handles a reply to a command for channels, or a message.
  void on_pubsub_reply(reply& reply);

  /// Reports the meaning of a reply to `send_ordered`.
  void on_ordered(subscription_order::result result, std::string error = {});

  /// Queues an event for the owner, which gets all events of this turn of the
  /// loop in one message.
  void emit(event event);

  boost::asio::io_context& context_;

  /// The server; with Sentinels, the master that they named last.
  server_url url_;

  const pubsub_kind kind_;
  link_state state_;

  /// Matches replies on the subscribed connection of a Redis Cluster.
  subscription_order order_;

  /// Null without Sentinels.
  std::shared_ptr<sentinels> sentinels_;
  link_owner_actor owner_;
  link_connection commands_{*this, link_state::side::commands};
  link_connection pubsub_{*this, link_state::side::pubsub};
  replica_wait waits_;
  command farewell_;
  events batch_;
  connection::timer retry_;
  std::minstd_rand random_;
};

} // namespace waybill::redis
