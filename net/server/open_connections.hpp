#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

#include "net/config.hpp"

namespace waybill::net {

/// The connections of one event loop that are no WebSockets, in the order in
/// which their clients began to be silent. Those that are too many are closed,
/// first those that have never sent a request.
class open_connections {
  struct connection {
    std::string peer;
    std::function<void()> close;
    bool is_silent = true;
    bool has_asked = false;
  };

  using position = std::list<connection>::iterator;

public:
  /// One of them, until this is destroyed.
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

    /// It waits for its client from now on.
    void be_silent();

    /// It has a request, and waits for the node.
    void be_busy();

    /// Takes it out.
    void leave();

  private:
    open_connections* all_ = nullptr;
    position position_;
  };

  /// Adds a connection, and closes another that is silent if there are too
  /// many.
  /// @param peer who is counted; empty for one whose number is not limited.
  /// @param hang_up closes the connection, and takes it out.
  slot add(const connection_limits& limits, const std::string& peer,
           std::function<void()> close);

  /// Closes the one that has been silent longest.
  /// @returns false if all are busy.
  bool close_longest() { return close_longest(nullptr); }

  size_t size() const noexcept { return all_.size(); }

private:
  bool close_longest(const std::string* peer);

  std::list<connection> all_;
  std::unordered_map<std::string, size_t> peers_;
};

} // namespace waybill::net
