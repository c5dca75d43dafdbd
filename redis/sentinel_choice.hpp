#pragma once

#include <cstddef>
#include <cstdint>

namespace waybill::redis {

/// State machine that chooses the Sentinel to ask for the master: the current
/// one while it answers, and else the next. It does no I/O: events return a
/// command to the owner.
class sentinel_choice {
public:
  enum class phase : uint8_t {
    /// There is no connection.
    disconnected,
    /// The connection to the current Sentinel is being opened.
    connecting,
    /// The connection is open; no question is pending.
    idle,
    /// A question is pending.
    asked,
  };

  enum class command : uint8_t {
    /// Does nothing.
    none,
    /// Connects to the current Sentinel; after a failure, in place of the
    /// connection that failed.
    connect,
    /// Asks the current Sentinel.
    ask,
    /// Closes the connection, and reports that no Sentinel names the master.
    give_up,
  };

  /// @param count the number of Sentinels; at least one.
  explicit sentinel_choice(size_t count) : count_(count) {
    // nop
  }

  // -- events -----------------------------------------------------------------

  /// The master is to be resolved.
  command on_ask();

  /// The connection is open.
  command on_open();

  /// The current Sentinel named the master.
  void on_master();

  /// The current Sentinel failed: it was not reached, was lost, named no
  /// master, or did not answer in time.
  command on_failure();

  /// The connection to the current Sentinel is to be closed: it named a server
  /// that is not the master.
  void on_distrust();

  // -- observers --------------------------------------------------------------

  /// Returns the index of the current Sentinel.
  size_t current() const noexcept { return current_; }

  /// Returns whether a question is pending.
  bool is_asked() const noexcept { return phase_ == phase::asked; }

private:
  /// Turns to the next Sentinel.
  void advance();

  const size_t count_;
  phase phase_ = phase::disconnected;
  size_t current_ = 0;

  /// Number of consecutive failures.
  size_t failed_ = 0;
};

} // namespace waybill::redis
