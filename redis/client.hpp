#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/expected.hpp>

#include "actors/interfaces.hpp"
#include "redis/resp.hpp"

namespace waybill::redis {

/// Gets the reply to a command; or `errc::bus_away`, if the command surely was
/// not sent, or `errc::unanswered`.
using reply_handler = std::function<void(caf::expected<reply>)>;

/// Both connections are there; nothing is subscribed yet.
struct link_up {
  /// What Redis calls the connection that subscribes (CLIENT ID); 0 if that is
  /// not known.
  uint64_t client = 0;
};

/// A connection is lost, and with it all subscriptions. All commands that had
/// no reply have been answered with an error before.
struct link_down {
  std::string reason;
};

/// Redis has confirmed a subscription.
struct subscribed {
  std::string channel;
};

/// Redis has confirmed the end of a subscription.
struct unsubscribed {
  std::string channel;
};

/// A message on a channel that is subscribed.
struct message {
  std::string channel;
  std::string bytes;
};

/// The reply to a command, and who wants it.
struct answered {
  reply_handler then;
  caf::expected<redis::reply> reply;
};

/// What happened to the link, in that order.
using event = std::variant<link_up, link_down, subscribed, unsubscribed,
                           message, answered>;

/// What one read from a socket brought, so that the bridge is woken once for
/// all of it.
struct events {
  std::vector<event> all;
};

/// A bus that also takes what clients send.
using redis_bus_actor = bus_actor::extend<
  // A client sent a message.
  caf::reacts_to<client_message>>;

/// Turns pub/sub messages into actor messages, and back.
using bridge_actor = redis_bus_actor::extend<
  // Something happened to the link.
  caf::reacts_to<events>,
  // Publishes the reports, and confirms the entries, that have come.
  caf::reacts_to<publish_atom>,
  // Time passes: the next canary.
  caf::reacts_to<tick_atom>>;

/// Redis, as the bridge sees it: one connection that subscribes and one that
/// commands. It calls nobody: what happens reaches the bridge as `events`.
class client {
public:
  virtual ~client() = default;

  /// Connects, and connects again whenever the link is lost, until `stop`.
  virtual void start(bridge_actor owner) = 0;

  /// Sends SUBSCRIBE for `channels`. Without a link, does nothing.
  virtual void subscribe(std::vector<std::string> channels) = 0;

  /// Sends UNSUBSCRIBE for `channels`. Without a link, does nothing.
  virtual void unsubscribe(std::vector<std::string> channels) = 0;

  /// Sends a command; `then` gets the reply, within `events`.
  virtual void send(command command, reply_handler then) = 0;

  /// Asks how many replicas have all that was answered until now, and waits for
  /// so many, 0.6 s at most (WAIT). Nothing else waits for that.
  virtual void await_replicas(size_t replicas, reply_handler handler) = 0;

  /// Has the port send a command as the last one, as far as that is possible at
  /// once, when it gives the link up.
  virtual void set_farewell(command last) = 0;

  /// Returns how many bytes wait to be sent.
  virtual size_t unsent_bytes() const = 0;

  /// Drops the link and makes it anew. Without a link, does nothing: it is
  /// being made already.
  virtual void reset(std::string reason) = 0;

  /// Closes the connections. Comes once, and nothing after it.
  virtual void stop() = 0;
};

using client_ptr = std::shared_ptr<client>;

} // namespace waybill::redis

// Holds callbacks, and never leaves the loop that the bridge lives on.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(waybill::redis::events)
