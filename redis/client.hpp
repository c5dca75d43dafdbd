#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/expected.hpp>

#include "actors/interfaces.hpp"
#include "redis/pubsub_kind.hpp"
#include "redis/resp.hpp"
#include "redis/routing.hpp"

namespace waybill::redis {

/// Handles the reply to a command; or `errc::bus_away`, if the command was
/// certainly not sent, or `errc::unanswered`.
using reply_handler = std::function<void(caf::expected<reply>)>;

/// Both connections are open; nothing is subscribed yet.
struct link_up {
  /// CLIENT ID of the subscribed connection; 0 if unknown.
  uint64_t client = 0;
};

/// A connection was lost, and with it all subscriptions. The handlers of all
/// unanswered commands have received an error before this event.
struct link_down {
  std::string reason;
};

/// Redis confirmed a subscription.
struct subscribed {
  std::string channel;
};

/// Redis confirmed the end of a subscription.
struct unsubscribed {
  std::string channel;
};

/// Redis Cluster rejected a subscription, or ended it: the slot of the channel
/// has moved, or is moving.
struct revoked {
  std::string channel;

  /// Set if this is the reply to a subscription.
  bool rejected = false;

  /// The error of Redis, if it sent one.
  std::string error = {};
};

/// A message on a subscribed channel.
struct message {
  std::string channel;
  std::string bytes;
};

/// The reply to a command, and its handler.
struct answered {
  reply_handler then;
  caf::expected<redis::reply> reply;
};

/// An event of the link.
using event = std::variant<link_up, link_down, subscribed, unsubscribed,
                           revoked, message, answered>;

/// All events of one turn of the loop, in their order: the bridge wakes once
/// for them.
struct events {
  std::vector<event> all;
};

/// Receives the events of a link to Redis.
using link_owner_actor = caf::typed_actor<
  // Events of the link.
  caf::reacts_to<events>>;

/// A bus that also takes messages of clients.
using redis_bus_actor = bus_actor::extend<
  // A client sent a message.
  caf::reacts_to<client_message>>;

/// Turns pub/sub messages into actor messages, and back.
using bridge_actor = redis_bus_actor::extend_with<link_owner_actor>::extend<
  // Sends the reports and confirmations that are queued.
  caf::reacts_to<publish_atom>,
  // The next canary is due.
  caf::reacts_to<tick_atom>,
  // Its part of a Redis Cluster has changed.
  caf::reacts_to<assignment>,
  // Executes a command for another bridge. Returns the reply.
  caf::replies_to<routed_command>::with<reply>>;

/// A client of Redis with two connections: one for subscriptions, one for
/// commands. It calls no handler itself: its owner receives `events` and does.
class client {
public:
  virtual ~client() = default;

  /// Connects, and reconnects whenever the link is lost, until `stop`.
  virtual void start(link_owner_actor owner) = 0;

  /// Subscribes to channels of addresses and nodes: by SUBSCRIBE or, in a Redis
  /// Cluster, by SSUBSCRIBE. Without a link, does nothing.
  virtual void subscribe(std::vector<std::string> channels) = 0;

  /// Ends subscriptions to such channels. Without a link, does nothing.
  virtual void unsubscribe(std::vector<std::string> channels) = 0;

  /// Sends SUBSCRIBE for a channel that any program may use. Without a link,
  /// does nothing.
  virtual void subscribe_open(std::string channel) = 0;

  /// Sends UNSUBSCRIBE for such a channel. Without a link, does nothing.
  virtual void unsubscribe_open(std::string channel) = 0;

  /// Sends a command; the reply arrives as `answered`, with `then`.
  virtual void send(const command& command, reply_handler then) = 0;

  /// Waits, for at most 0.6 s, until so many replicas have all writes that have
  /// been answered (WAIT), and replies with their number. Blocks no command.
  virtual void await_replicas(size_t replicas, reply_handler handler) = 0;

  /// Sets the last command, which is sent when the client drops the link, if
  /// the socket takes it at once.
  virtual void set_farewell(command last) = 0;

  /// Returns the number of bytes that wait to be sent.
  virtual size_t unsent_bytes() const = 0;

  /// Returns whether bytes arrived on the subscribed connection since the last
  /// call.
  virtual bool take_activity() = 0;

  /// Drops the link and reconnects. Without a link, does nothing: the client is
  /// reconnecting already.
  virtual void reset(std::string reason) = 0;

  /// Does the same to a link that has gone silent: commands that the network
  /// holds back never arrive.
  virtual void abandon(std::string reason) = 0;

  /// Closes the connections. Must be the last call.
  virtual void stop() = 0;
};

using client_ptr = std::shared_ptr<client>;

} // namespace waybill::redis

// Holds callbacks, and never leaves the loop of the bridge.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::redis::events)
