#pragma once

#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/hosted.hpp"
#include "redis/port.hpp"

namespace waybill::redis {

/// What the bridges of a cluster have in common, and this node's name.
struct bridge_config {
  /// Stands before all keys and channels of ours but the open one.
  std::string prefix = "waybill";

  /// Where every program may publish `{"KEY":…,"VALUE":…}`.
  std::string open_channel = "waybill";

  /// Names this node in its canary's channel and in dead letters.
  std::string node = "node";

  /// The largest payload on the open channel, in bytes.
  size_t max_body = 256 * 1024;

  /// What clients sent may wait for Redis in so many bytes; past it, it is
  /// dropped and counted.
  size_t max_backlog = 8 << 20;
};

/// Turns pub/sub messages into actor messages, and pushes into PUBLISH.
///
/// Redis' own subscriptions say which node holds an address; the bridge keeps
/// those of this node as they should be, through every reconnect. It is ready
/// only while a canary comes back: a number that it publishes to itself twice
/// a second, on the one connection, and hears on the other.
class bridge : public hosted<bridge_actor> {
public:
  bridge(caf::actor_config& cfg, caf::execution_unit* host,
         bridge_config config, port_ptr redis);

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  using time_point = caf::actor_clock::time_point;

  using promise = caf::typed_response_promise<ok_atom>;

  /// An address that this node holds, or has just given back.
  struct entry {
    push_address where;
    registry_actor holder;

    /// Set until it is given back.
    bool held = false;

    /// Kept until the channel is subscribed.
    promise attached;

    /// Kept until UNSUBSCRIBE is confirmed, the oldest first.
    std::deque<promise> detached;
  };

  void on(link_up&);
  void on(link_down& what);
  void on(subscribed& what);
  void on(unsubscribed& what);
  void on(message& what);
  void on(answered& what);

  std::string channel_of(const push_address& where) const;

  void subscribe(std::vector<std::string> channels);

  /// Forgets an address if it is not held and nobody waits for its end, for
  /// which a lost link is as good as a confirmation.
  void forget(std::unordered_map<std::string, entry>::iterator i);

  void send_canary();

  void on_tick();

  void on_canary(const std::string& bytes);

  void on_open_message(const std::string& bytes);

  /// Puts what could not be understood where people find it.
  void bury(const std::string& bytes, const std::string& reason);

  /// Sends a command whose reply is a number, at `pick` in the reply.
  caf::typed_response_promise<uint64_t>
  ask(command what, std::function<const reply*(const reply&)> pick);

  void become(bus_state state);

  /// Logs a line, but of all that come within a second only the first.
  void complain(const std::string& line);

  const bridge_config config_;
  const std::string own_channel_;
  port_ptr redis_;
  bus_state state_ = bus_state::away;
  bool linked_ = false;
  std::vector<observer_actor> observers_;

  /// What this node holds, by channel.
  std::unordered_map<std::string, entry> entries_;

  /// How many SUBSCRIBE of a channel Redis has yet to confirm. It answers in
  /// order, so a channel is surely subscribed when it has answered the last.
  std::unordered_map<std::string, size_t> unconfirmed_;

  /// The numbers of the last canary, and of the first on this link.
  uint64_t canaries_ = 0;
  uint64_t first_canary_ = 0;

  /// When Redis last showed that it is there for us.
  time_point proof_;
  time_point last_complaint_;
  counters counts_;
};

} // namespace waybill::redis
