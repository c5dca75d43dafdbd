#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace waybill::redis {

/// State machine that matches the replies of a subscribed connection of a Redis
/// Cluster to its commands. It does no I/O.
///
/// Redis replies in order, but an error does not name the channel, and when a
/// slot moves, Redis sends a `sunsubscribe` for each of its channels that looks
/// like the reply to a command; the reply to the command that was on its way is
/// an error then. So each SUNSUBSCRIBE is followed by a PING: all that comes
/// before its reply belongs to the SUNSUBSCRIBE.
class subscription_order {
public:
  enum class command : uint8_t {
    subscribe,
    unsubscribe,
    /// The PING after `unsubscribe`.
    fence,
  };

  enum class meaning : uint8_t {
    /// Nothing for the owner.
    none,
    subscribed,
    unsubscribed,
    /// Redis rejected the subscription.
    rejected,
    /// Redis ended the subscription: the slot of the channel has moved.
    revoked,
    /// The reply does not fit: the connection cannot be understood.
    broken,
  };

  /// An event for the owner, and the channel that it is about.
  struct result {
    meaning type;
    std::string channel = {};
  };

  /// A command with one channel is being sent; none has a `fence`.
  void on_sent(command type, std::string channel = {});

  /// Redis confirmed a subscription.
  result on_subscribed(std::string_view channel);

  /// Redis confirmed or announced the end of a subscription.
  result on_unsubscribed(std::string_view channel);

  /// Redis replied to a PING.
  result on_pong();

  /// Redis replied with an error.
  result on_error();

  /// The connection was closed.
  void reset() { sent_.clear(); }

private:
  struct sent_command {
    command type;
    std::string channel;
  };

  /// Returns whether the oldest command without a reply is this one.
  bool is_next(command type, std::string_view channel) const;

  /// Removes the oldest command, and returns what its reply means.
  result take(meaning type);

  /// The commands without a reply, the oldest first.
  std::deque<sent_command> sent_;
};

} // namespace waybill::redis
