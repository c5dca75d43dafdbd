#pragma once

#include <memory>
#include <string>

#include "redis/connection.hpp"
#include "redis/sentinel_choice.hpp"

namespace waybill::redis {

/// Resolves the master by asking Sentinels: on demand, and every second from
/// then on. Keeps a connection to one of them, and turns to the next as soon as
/// that fails.
class sentinels : public std::enable_shared_from_this<sentinels>,
                  public connection::listener {
public:
  /// Receives the results, from handlers of the connection.
  struct listener {
    virtual ~listener() = default;

    /// A Sentinel named the master; `url` includes the login.
    virtual void on_master(const server_url& url) = 0;

    /// No Sentinel named the master.
    virtual void on_no_master(const std::string& reason) = 0;
  };

  /// @param url names at least one Sentinel.
  /// @param owner must outlive this object, or stop it.
  sentinels(boost::asio::io_context& context, server_url url, listener& owner);

  /// Asks now, unless a question is pending.
  void ask();

  /// Turns to the next Sentinel: the current one named a server that is not the
  /// master, so it may be partitioned from the others.
  void distrust();

  /// Stops asking, and closes the connection.
  void stop();

private:
  void on_open() override;
  void on_reply(reply_handler then, caf::expected<reply> reply) override;
  void on_push(reply reply) override;
  void on_lost(const std::string& reason) override;

  /// Connects to the current Sentinel.
  void connect();

  void disconnect();

  void query();

  void on_answer(const reply& reply);

  /// Turns to the next Sentinel, unless all have failed.
  void fail(const std::string& reason);

  boost::asio::io_context& context_;
  const server_url url_;

  /// Null once stopped.
  listener* owner_;

  sentinel_choice choice_;

  /// Null between two Sentinels.
  std::shared_ptr<connection> socket_;
  connection::timer tick_;
};

} // namespace waybill::redis
