#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "net/http/response.hpp"

namespace waybill::net {

/// The response to one request, while it is pending. The first response counts,
/// whether a handler or its deadline sends it.
class exchange {
public:
  /// The connection of a client that waits for the response.
  class connection {
  public:
    virtual ~connection() = default;

    /// Sends the response.
    virtual void respond(const response& response) = 0;

    /// Calls `on_deadline` of the pending exchange after `time`.
    virtual void set_deadline(std::chrono::milliseconds time) = 0;
  };

  /// Sends a response in place of a handler that is late.
  using timeout_handler = std::function<void(exchange&)>;

  explicit exchange(std::shared_ptr<connection> client)
      : client_(std::move(client)) {
    // nop
  }

  /// Sends a response, unless one was sent.
  void respond(const response& response) {
    on_timeout_ = nullptr;
    if (auto client = std::exchange(client_, nullptr))
      client->respond(response);
  }

  /// Calls `on_timeout` after `wait`, unless a response is sent before.
  /// @param on_timeout must not own this exchange.
  void set_deadline(std::chrono::milliseconds wait,
                    timeout_handler on_timeout) {
    if (!client_)
      return;
    on_timeout_ = std::move(on_timeout);
    client_->set_deadline(wait);
  }

  /// Handles the end of that time.
  void on_deadline() {
    if (auto on_timeout = std::exchange(on_timeout_, nullptr))
      on_timeout(*this);
  }

  /// Forgets the client: it waits for no response any more.
  void abandon() {
    on_timeout_ = nullptr;
    client_ = nullptr;
  }

private:
  std::shared_ptr<connection> client_;
  timeout_handler on_timeout_;
};

using exchange_ptr = std::shared_ptr<exchange>;

} // namespace waybill::net
