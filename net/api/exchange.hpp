#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "net/http/response.hpp"
#include "net/timer.hpp"

namespace waybill::net {

/// Receives the response to a request.
using response_handler = std::function<void(response)>;

/// The response to one request, while it is pending. The first response counts,
/// whether a handler or its deadline sends it.
class exchange : public std::enable_shared_from_this<exchange> {
public:
  /// @param timer is valid while `handler` is held.
  exchange(timer_type& timer, response_handler handler)
      : timer_(timer), handler_(std::move(handler)) {
    // nop
  }

  /// Passes a response to the handler, unless it has received one.
  void respond(response response) {
    if (auto handler = std::exchange(handler_, nullptr))
      handler(std::move(response));
  }

  /// Calls `on_timeout` after `wait`, unless a response is sent before.
  /// @pre no deadline was set.
  void set_deadline(std::chrono::milliseconds wait,
                    std::function<void()> on_timeout) {
    if (!handler_)
      return;
    timer_.expires_after(wait);
    timer_.async_wait(
      [self = shared_from_this(),
       on_timeout = std::move(on_timeout)](boost::system::error_code ec) {
        // A wait that has expired cannot be cancelled.
        if (!ec && self->handler_)
          on_timeout();
      });
  }

  /// Drops the handler: nobody waits for a response any more.
  void abandon() { handler_ = nullptr; }

private:
  timer_type& timer_;
  response_handler handler_;
};

using exchange_ptr = std::shared_ptr<exchange>;

} // namespace waybill::net
