#pragma once

#include <memory>
#include <string>

#include "redis/connection.hpp"

namespace waybill::redis {

/// Asks Sentinels where the master is: at once when told to, and from then on
/// every second. It asks one of them, on a connection that stays open, and the
/// next one as soon as that fails.
class sentinels : public std::enable_shared_from_this<sentinels>,
                  public connection::listener {
public:
  /// What Sentinels tell their owner. They call from handlers of their own.
  struct listener {
    virtual ~listener() = default;

    /// A Sentinel named the master; `where` says how to log in there.
    virtual void on_master(const server_url& url) = 0;

    /// All Sentinels were asked, and none named it.
    virtual void on_no_master(const std::string& reason) = 0;
  };

  /// @param where has Sentinels.
  /// @param owner outlives this, or stops it.
  sentinels(boost::asio::io_context& context, server_url url, listener& owner);

  /// Asks now, unless an answer is on its way.
  void ask();

  /// Turns to the next Sentinel: this one named a master that is none, so it
  /// may be cut off from the others.
  void distrust();

  /// Asks no more.
  void stop();

private:
  void on_open() override;
  void on_reply(reply_handler then, caf::expected<reply> reply) override;
  void on_push(reply reply) override;
  void on_lost(const std::string& reason) override;

  void open();

  void query();

  void on_answer(const reply& reply);

  void try_next(const std::string& reason);

  void drop();

  boost::asio::io_context& context_;
  const server_url url_;

  /// Null once stopped.
  listener* owner_;

  /// The Sentinel that is asked, and how many before it have failed in turn.
  size_t current_ = 0;
  size_t failed_ = 0;

  /// Null while none is asked.
  std::shared_ptr<connection> socket_;
  bool open_ = false;
  bool asked_ = false;
  connection::timer tick_;
};

} // namespace waybill::redis
