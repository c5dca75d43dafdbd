#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <boost/system/error_code.hpp>
#include <caf/send.hpp>

#include "actors/interfaces.hpp"
#include "actors/transport.hpp"
#include "net/client_info.hpp"
#include "net/timer.hpp"

namespace waybill::net {

/// The time limits for the answer of a client to the end of its session, in
/// general and for one that sends too much.
constexpr auto close_timeout = std::chrono::seconds{5};
constexpr auto short_close_timeout = std::chrono::seconds{1};

constexpr std::chrono::seconds close_timeout_of(close_code code) {
  return code == close_code::policy_violation ? short_close_timeout
                                              : close_timeout;
}

/// Base of the transports on a socket: the link to the session, and the times
/// at which one of them ends.
class session_transport : public transport {
public:
  std::string peer() const override { return client_.peer.text(); }

  std::string user_agent() const override { return client_.user_agent; }

protected:
  /// A token that moves from read to read. If the chain ends, by an error or an
  /// exception, its destructor closes the socket and notifies the session.
  class reading {
  public:
    explicit reading(std::shared_ptr<session_transport> self)
        : self_(std::move(self)) {
      // nop
    }

    reading(reading&&) = default;

    ~reading() {
      if (!self_)
        return;
      self_->cut();
      self_->leave();
    }

  private:
    std::shared_ptr<session_transport> self_;
  };

  explicit session_transport(client_info client) : client_(std::move(client)) {
    // nop
  }

  /// Closes the socket, which fails all pending operations.
  virtual void cut() = 0;

  /// Requests the end of the session.
  void end_session(close_code code, const char* reason) {
    if (session_)
      caf::anon_send(session_, close_atom_v, close_reason{code, reason});
  }

  /// Notifies the session that its client neither sends nor receives any more.
  void leave() {
    if (session_)
      caf::anon_send(session_, gone_atom_v);
    // Breaks the reference cycle of session and transport.
    session_ = nullptr;
  }

  /// Ends the session when the client's token expires.
  template <class Executor>
  void end_at(const Executor& executor, std::weak_ptr<session_transport> weak,
              std::chrono::system_clock::time_point time) {
    expiry_
      = std::make_unique<system_timer>(make_timer<system_timer>(executor));
    expiry_->expires_at(time);
    expiry_->async_wait([weak](boost::system::error_code ec) {
      if (auto self = weak.lock(); self && !ec)
        self->end_session(close_code::token_expired, "your token has expired");
    });
  }

  /// Cuts the connection after `time`.
  template <class Executor>
  void cut_after(const Executor& executor,
                 std::weak_ptr<session_transport> weak,
                 std::chrono::seconds time) {
    end_ = std::make_unique<timer_type>(make_timer(executor));
    end_->expires_after(time);
    end_->async_wait([weak](boost::system::error_code ec) {
      if (auto self = weak.lock(); self && !ec)
        self->cut();
    });
  }

  /// Tells whether the connection is to be cut.
  bool is_ending() const noexcept { return end_ != nullptr; }

  /// Null once it has been notified of the end.
  session_actor session_;

private:
  const client_info client_;

  /// Null until the connection is to be cut.
  std::unique_ptr<timer_type> end_;

  /// Null if the session does not expire.
  std::unique_ptr<system_timer> expiry_;
};

} // namespace waybill::net
