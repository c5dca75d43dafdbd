#pragma once

#include <chrono>
#include <cstdint>

namespace waybill::redis {

/// State machine of a link to Redis, whose two connections open and close
/// together: when it resolves the master, connects, is up, and tries again. It
/// does no I/O and sets no timer: events return a command to the owner.
class link_state {
public:
  using time_point = std::chrono::steady_clock::time_point;

  enum class phase : uint8_t {
    /// The time of the next attempt is awaited.
    waiting,
    /// The Sentinels are asked for the master.
    resolving,
    /// Both connections are being opened.
    opening,
    /// The connection for commands is open, the other is being opened.
    commands_open,
    /// The subscribed connection is open, the other is being opened.
    pubsub_open,
    /// Both connections are open.
    up,
    /// There will be no other attempt.
    stopped,
  };

  /// One of the two connections.
  enum class side : uint8_t {
    /// Sends commands.
    commands,
    /// Subscribes to channels.
    pubsub,
  };

  enum class command : uint8_t {
    /// Does nothing.
    none,
    /// Asks the Sentinels for the master.
    resolve,
    /// Opens both connections.
    open,
    /// Reports that the link is up.
    announce,
    /// Closes both connections and tries again, as `on_lost` returns.
    lose,
  };

  /// Command to the owner: closes both connections, and calls `on_due` later.
  struct retreat {
    /// Set if the connection for commands can take a last one.
    bool says_farewell;

    /// Time until the next attempt.
    std::chrono::milliseconds delay;
  };

  /// @param has_sentinels is set if Sentinels name the master.
  explicit link_state(bool has_sentinels) : has_sentinels_(has_sentinels) {
    // nop
  }

  // -- events -----------------------------------------------------------------

  /// The time of an attempt has come. Without effect unless one is awaited.
  command on_due();

  /// A connection is open and logged in.
  command on_open(side opened, time_point now);

  /// The Sentinels named the master.
  /// @param moved is set if it is not the server of the link.
  command on_master(bool moved);

  /// No Sentinel named the master. A working link does not need them.
  command on_no_master();

  /// The link is lost, or to be dropped.
  /// @param part a random number from 0.5 to 1, the part of the full delay that
  ///             is waited: a cluster must not reconnect in one instant.
  retreat on_lost(time_point now, double part);

  /// The link is closed for good.
  void on_stopped() { phase_ = phase::stopped; }

  // -- observers --------------------------------------------------------------

  /// Returns whether both connections are open.
  bool is_up() const noexcept { return phase_ == phase::up; }

  /// Returns whether a connection that is lost now discredits the Sentinel that
  /// named the server: the link was not up yet.
  bool doubts_sentinel() const noexcept { return has_sentinels_ && !is_up(); }

private:
  static constexpr auto first_delay = std::chrono::milliseconds{100};
  static constexpr auto longest_delay = std::chrono::milliseconds{1000};

  /// Lifetime of a link after which the delay is reset.
  static constexpr auto good_time = std::chrono::seconds{5};

  const bool has_sentinels_;
  phase phase_ = phase::waiting;
  std::chrono::milliseconds delay_ = first_delay;
  time_point up_since_;
};

} // namespace waybill::redis
