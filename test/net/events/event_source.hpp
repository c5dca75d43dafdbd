#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace waybill::test {

/// Interprets the bytes of an event stream as a browser does (WHATWG HTML,
/// section 9.2.6).
class event_source {
public:
  struct event {
    std::string type;
    std::string data;

    /// The last id of the stream when the event was dispatched.
    std::string id;

    friend bool operator==(const event&, const event&) = default;
  };

  explicit event_source(std::string_view stream) {
    while (!stream.empty()) {
      auto size = stream.find_first_of("\r\n");
      // A line without an end is discarded.
      if (size == stream.npos)
        return;
      take(stream.substr(0, size));
      stream.remove_prefix(size);
      stream.remove_prefix(stream.starts_with("\r\n") ? 2 : 1);
    }
  }

  std::vector<event> events;

  /// Sent as `Last-Event-ID`.
  std::string last_id;

  /// The time in milliseconds in which it comes back.
  std::string retry;

  size_t comments = 0;

private:
  void take(std::string_view line) {
    if (line.empty())
      return dispatch();
    auto colon = line.find(':');
    comments += colon == 0;
    auto name = line.substr(0, colon);
    std::string value{colon == line.npos ? "" : line.substr(colon + 1)};
    if (value.starts_with(' '))
      value.erase(0, 1);
    if (name == "data")
      data_ += value + '\n';
    else if (name == "event")
      type_ = value;
    else if (name == "id" && value.find('\0') == value.npos)
      id_ = value;
    else if (name == "retry"
             && value.find_first_not_of("0123456789") == value.npos)
      retry = value;
  }

  void dispatch() {
    last_id = id_;
    if (!data_.empty()) {
      data_.pop_back();
      events.push_back({type_.empty() ? "message" : type_, data_, last_id});
    }
    data_.clear();
    type_.clear();
  }

  std::string data_;
  std::string type_;
  std::string id_;
};

} // namespace waybill::test
