#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

#include "net/config.hpp"

namespace waybill::net {

/// The connections of one event loop that are not WebSockets, ordered by the
/// start of their idle time. Those above a limit are closed, first those that
/// never sent a request.
class open_connections {
  struct connection {
    std::string peer;
    std::function<void()> close;
    bool is_silent = true;
    bool has_asked = false;
  };

  using position = std::list<connection>::iterator;

public:
  /// Registration of a connection.
  class slot {
  public:
    slot() = default;
    slot(open_connections& all, position position)
        : all_(&all), position_(position) {
      // nop
    }
    slot(slot&& x) noexcept
        : all_(std::exchange(x.all_, nullptr)), position_(x.position_) {
      // nop
    }
    slot& operator=(slot&& x) noexcept {
      leave();
      all_ = std::exchange(x.all_, nullptr);
      position_ = x.position_;
      return *this;
    }
    ~slot() { leave(); }

    /// Marks it as idle: it waits for its client.
    void be_silent();

    /// Marks it as busy: its client waits for the node.
    void be_busy();

    /// Removes the registration.
    void leave();

  private:
    open_connections* all_ = nullptr;
    position position_;
  };

  /// Adds a connection, and closes an idle one if a limit is exceeded.
  /// @param peer the key of the limit per peer; empty for no such limit.
  /// @param close closes the connection, and removes its registration.
  slot add(const connection_limits& limits, const std::string& peer,
           std::function<void()> close);

  /// Closes the connection that has been idle longest.
  /// @param has_asked selects those that have sent a request before, or those
  ///        that never did.
  /// @returns false if all of them are busy.
  bool close_longest(bool has_asked) {
    return close_longest(has_asked, nullptr);
  }

  size_t size() const noexcept { return all_.size(); }

private:
  /// @param peer selects the connections of a peer; null for all.
  bool close_longest(bool has_asked, const std::string* peer);

  /// Closes one that never sent a request, or else any that is idle.
  void close_any(const std::string* peer);

  std::list<connection> all_;
  std::unordered_map<std::string, size_t> peers_;
};

} // namespace waybill::net
