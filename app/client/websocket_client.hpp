#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <boost/asio/awaitable.hpp>

#include "app/client/client.hpp"

namespace waybill::app {

/// A client's WebSocket to a node. Hides Beast's template on the stream, which
/// takes a minute to compile, from the commands.
class websocket_client {
public:
  struct message {
    std::string data;
    bool is_text = true;
  };

  /// The close frame of the node (RFC 6455, section 5.5.1).
  struct close_frame {
    uint16_t code = 0;
    std::string reason;
  };

  virtual ~websocket_client() = default;

  /// Waits for the next message or close frame of the node.
  /// @throws std::runtime_error if the connection is lost.
  virtual boost::asio::awaitable<std::variant<message, close_frame>> read() = 0;

  /// Sends a close frame, and waits for that of the node.
  virtual boost::asio::awaitable<void> close() = 0;
};

/// Connects to a node, and opens a WebSocket at `target`.
/// @returns the WebSocket, or the response that declined the upgrade.
/// @throws std::runtime_error if that fails.
boost::asio::awaitable<
  std::variant<std::shared_ptr<websocket_client>, text_response>>
open_websocket(const node_access& access, const std::string& target);

/// Returns the time after which a node that opens too many sessions wants the
/// client back; nothing if it declined the upgrade for another reason.
std::optional<std::chrono::milliseconds>
upgrade_retry(const text_response& declined);

/// Returns the time after which the node wants the client back, by the end of
/// its reason: `retry=7.3`, in seconds.
std::optional<std::chrono::milliseconds>
close_retry(const websocket_client::close_frame& frame);

} // namespace waybill::app
