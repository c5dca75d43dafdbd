#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <boost/asio/awaitable.hpp>

#include "app/client/client.hpp"
#include "app/client/event_parser.hpp"

namespace waybill::app {

/// A client's event stream of a node.
class events_client {
public:
  virtual ~events_client() = default;

  /// Waits for the next event.
  /// @returns nothing at the end of the stream.
  /// @throws std::runtime_error if the connection is lost.
  virtual boost::asio::awaitable<std::optional<event_parser::event>> read() = 0;

  /// Returns the parser, which knows the position of this client and the time
  /// after which it should come back.
  virtual const event_parser& parser() const = 0;
};

/// Connects to a node, and opens an event stream at `target`.
/// @param last_id the last id of the stream before; empty for none.
/// @returns the stream, or the response if its status is not 200.
/// @throws std::runtime_error if that fails.
boost::asio::awaitable<
  std::variant<std::shared_ptr<events_client>, text_response>>
open_events(const node_access& access, const std::string& target,
            const std::string& last_id);

} // namespace waybill::app
