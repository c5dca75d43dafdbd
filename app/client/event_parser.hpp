#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace waybill::app {

/// Parses a stream of server-sent events (WHATWG HTML, section 9.2.6).
class event_parser {
public:
  struct event {
    /// Empty for the default type, `message`.
    std::string type;
    std::string data;

    friend bool operator==(const event&, const event&) = default;
  };

  /// @param last_id the last id of the stream before.
  explicit event_parser(std::string last_id) : last_id_(std::move(last_id)) {
    // nop
  }

  /// Parses the next bytes of the stream.
  /// @returns the events that end in them.
  std::vector<event> feed(std::string_view bytes);

  /// Returns the id of the last complete event that had one.
  const std::string& last_id() const noexcept { return last_id_; }

  /// Returns the time after which the client should come back, if it was told.
  std::optional<std::chrono::milliseconds> retry() const { return retry_; }

  /// Returns the last comment that is not empty. A stream that ends has the
  /// reason there.
  const std::string& comment() const noexcept { return comment_; }

private:
  /// Parses a line that is not empty.
  void parse_line(std::string_view line);

  /// Ends an event, which is none without data.
  void end_event(std::vector<event>& to);

  /// The begin of a line whose end has not come.
  std::string line_;

  /// Set if a LF belongs to the end of the last line.
  bool follows_cr_ = false;

  event event_;
  bool has_data_ = false;

  /// The id of the event, which counts once the event is complete.
  std::optional<std::string> id_;
  std::string last_id_;
  std::optional<std::chrono::milliseconds> retry_;
  std::string comment_;
};

} // namespace waybill::app
