#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "actors/core/log_gate.hpp"
#include "actors/hosted.hpp"
#include "redis/canary_fence.hpp"
#include "redis/client.hpp"
#include "redis/commands.hpp"
#include "redis/config.hpp"
#include "redis/health.hpp"
#include "redis/held_address.hpp"
#include "redis/lag_meter.hpp"
#include "redis/node_table.hpp"
#include "redis/report_batch.hpp"
#include "redis/silence_meter.hpp"
#include "redis/slot_moves.hpp"

namespace waybill::redis {

/// Turns pub/sub messages into actor messages, and pushes into PUBLISH.
///
/// Redis' own subscription table maps addresses to nodes; the bridge keeps the
/// subscriptions of this node correct through every reconnect. It is ready only
/// while canaries return: numbers that it publishes twice a second on one
/// connection and receives on the other. A canary with another tag comes from
/// another node of the same name.
///
/// With each canary it has Redis try the commands that it needs: a Redis that
/// loads, is full or denies permissions is not the fault of a session or push.
///
/// In a Redis Cluster a bridge has the addresses whose slots one master has, as
/// its `assignment` says.
class bridge : public hosted<bridge_actor>, private commands::environment {
public:
  /// @param router routes commands that this master redirects; null without a
  ///               Redis Cluster.
  bridge(caf::actor_config& cfg, caf::execution_unit* host,
         bridge_config config, client_ptr redis, router_actor router = {});

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  using time_point = caf::actor_clock::time_point;

  /// Interval between canaries, and of all periodic work.
  static constexpr auto canary_interval = std::chrono::milliseconds{500};

  using entries = std::unordered_map<std::string, held_address>;

  /// Connects to Redis, and schedules the first tick.
  void start();

  void add_observer(const observer_actor& observer);

  // -- subscriptions (bridge_subscriptions.cpp) -------------------------------

  void on(link_up& event);
  void on(link_down& event);
  void on(subscribed& event);
  void on(unsubscribed& event);
  void on(revoked& event);

  /// Records the reply to a SUBSCRIBE.
  /// @returns whether no other one of this channel is unconfirmed.
  bool confirm_subscription(const std::string& channel);

  caf::result<bool> attach_address(const push_address& address);
  caf::result<ok_atom> detach_address(const push_address& address);

  /// Completes the request to attach an address that is subscribed: reads the
  /// topics of an id and the size of its mailbox, or the last value of a topic.
  void complete_attachment(held_address& held);

  /// Returns the address that awaits an answer; null if that is outdated.
  held_address* find_completing(const std::string& channel,
                                uint64_t completion);

  /// Returns a handler of the kept data of an address. It calls `on_kept` with
  /// a value, and then attaches the address unless that returns false.
  template <class T>
  commands::handler<T> completing(held_address& held,
                                  bool (bridge::*on_kept)(held_address&,
                                                          uint64_t, T&));

  bool on_topics(held_address& held, uint64_t completion, kept_topics& topics);
  bool on_value(held_address& held, uint64_t completion,
                std::optional<last_value>& value);

  /// Answers the request to attach an address, if there is one, and passes on
  /// messages from since then. `failure` is `caf::none` if it is attached.
  void answer_attach(held_address& held, const caf::error& failure);

  void subscribe(std::vector<std::string> channels);
  void subscribe_open();

  /// Erases an entry that is neither held nor awaits UNSUBSCRIBE. A lost link
  /// counts as its confirmation.
  void forget(entries::iterator i);

  // -- slots of a Redis Cluster (bridge_slots.cpp) ----------------------------

  /// Takes over the slots that its master has got, and gives up those that it
  /// has lost.
  void on(const assignment& part);

  /// Subscribes to the channels of this node whose slots the master has now.
  void subscribe_own();

  /// Gives up the addresses in slots that the master has lost.
  void give_up(const slot_set& lost);

  /// Tells the registry that addresses have no subscription.
  void lose(push_addresses lost);

  /// Ends the link, and then this actor.
  void retire();

  /// Ends this actor once it has been idle from one tick to the next.
  void end_if_idle();

  /// Ends subscriptions that were given up some time ago.
  void end_subscriptions();

  /// Subscribes again to channels of this node that Redis has ended.
  void renew_subscriptions();

  bool has_moved(const std::string& channel) override;

  bool has_slot(const std::string& channel) override;
  caf::error uncounted() override;

  void redirect(redirected_command command,
                commands::handler<reply> handler) override;

  void on_redirected(const std::string& error) override;

  /// Executes a command for another bridge.
  caf::result<reply> execute(const routed_command& command);

  /// Publishes a canary by a script: a former master would accept SPUBLISH.
  void send_cluster_canary(const std::string& message);

  // -- messages from Redis (bridge_messages.cpp) ------------------------------

  void on_events(events& events);
  void on(message& message);
  void on(answered& event);

  /// Sends the registry the messages that have arrived.
  void flush_deliveries();

  void on_node_message(const std::string& bytes);

  void on_ingress(const std::string& bytes);

  /// Returns whether this node delivers messages of the open channel to
  /// `address`.
  bool takes_ingress(const push_address& address) const;

  /// Counts a message that cannot be decoded, or is of an unknown kind.
  void on_unreadable(const std::string& channel, const caf::error& why);

  /// Stores a malformed message of the open channel as a dead letter.
  void dead_letter(const std::string& bytes, const std::string& reason);

  // -- state of Redis and the cluster (bridge_link.cpp) -----------------------

  bool is_ready() const noexcept { return status_.state == bus_state::ready; }

  /// Returns the error for requests while Redis is away.
  caf::error away() const { return {errc::bus_away, status_.reason}; }

  void send_canary();
  void on_canary_reply(const caf::expected<reply>& reply);

  void on_canary(const std::string& bytes);

  /// Handles a canary of another node with the same name.
  void on_foreign_canary(std::string_view tag, uint64_t began);

  void on_tick();

  /// Notifies registry and observers if the status of `health_` has changed.
  void update();

  /// Has Redis try the commands that are needed.
  void check();

  /// Reads whether Redis evicts mailboxes instead of refusing pushes. Ends this
  /// actor if the server is part of a Redis Cluster and should not be.
  /// @param words INFO, with the section `memory` or all.
  void read_info(const command& words);

  size_t expected_nodes() override;

  void on_impaired(impairment kind, const std::string& error) override;

  /// Tells the registry that it may miss pushes, and begins to count the
  /// outage.
  void begin_outage();

  /// Ends the outage, adds its duration to the counters, and resumes.
  void end_outage();

  /// Returns the time since Redis went away.
  std::chrono::milliseconds outage_time() const;

  /// Returns the metrics, including an outage that has not ended.
  metrics collect();

  /// Reads the number of nodes that Redis counts.
  void count_nodes();

  void send_beat(bool leaving);

  /// Sets the beat that announces the loss of the link.
  void set_farewell();

  /// Announces that this node is shutting down.
  void leave();

  /// Closes the Redis connection of a silent node, so that Redis no longer
  /// counts it.
  void cut_off(const node_table::silent_node& node);

  // -- requests to Redis (bridge.cpp) -----------------------------------------

  /// Publishes a push, and calls `handler` with its outcome, at once if it
  /// cannot be sent.
  void publish(const push_address& address, const push& push,
               commands::handler<outcome> handler);

  caf::result<outcome> publish(const push_address& address, const push& push);

  void publish(const numbered_pushes& pushes,
               const outcome_receiver_actor& receiver);

  /// Sends the outcomes that are known to their receivers.
  void flush_outcomes();

  /// Publishes a kick or a query.
  template <class Message>
  caf::result<uint64_t> publish(const push_address& address,
                                const Message& message);

  /// Delivers the result of a command.
  /// @param send sends the command, and takes a `commands::handler<T>`.
  template <class T, class Command>
  caf::result<T> ask(Command send);

  /// Logs that a request failed, and repeats those of sessions if that can
  /// help.
  void on_failed(const caf::error& error);

  /// Asks a node to settle a push.
  caf::result<uint64_t> probe(const std::string& node, const std::string& id);

  caf::result<inbox_page> read(const inbox_query& query);

  /// Passes a report to the actor of this node that waits for it, or queues it
  /// for its node.
  void take(report report);

  /// Queues the confirmation of an entry and all before it.
  void confirm(const push_address& address, const std::string& entry);

  /// Schedules `flush_reports` after all messages that are queued now.
  /// @pre nothing has been added to `reports_` for this call yet.
  void flush_soon();

  /// Sends all queued reports and confirmations.
  void flush_reports();

  /// Publishes a message of a client, or drops and counts it.
  void publish_upstream(const client_message& message);

  // -- log lines --------------------------------------------------------------

  /// Logs a warning, at most once a second for each code.
  void complain(std::string_view code, const std::string& line);

  /// Logs a warning that names the server, with the same limit.
  void complain_of_redis(std::string_view code, const std::string& line);

  /// Logs that Redis refused a command.
  void complain(const caf::error& why);

  const bridge_config config_;
  client_ptr redis_;
  router_actor router_;
  commands commands_;

  /// The channels of this node, and that of all nodes.
  std::string own_channel_;
  std::string nodes_channel_;
  health health_;
  bus_status status_;
  lag_meter lag_;
  silence_meter silence_;
  node_table nodes_;
  bool linked_ = false;

  /// CLIENT ID of the subscribed connection; 0 if unknown.
  uint64_t client_ = 0;

  /// Set once this node shuts down in order, and once this bridge is to end.
  bool leaving_ = false;
  bool retiring_ = false;

  /// The slots of the master, and what else this bridge has for the cluster.
  assignment part_;
  slot_moves moves_;

  /// Channels in slots that the master has lost, and when, the oldest first.
  std::deque<std::pair<std::vector<std::string>, time_point>> given_up_;

  /// Channels that Redis has ended, and rejected, since the last tick.
  std::vector<std::string> revoked_;
  std::unordered_set<std::string> rejected_;

  /// Number of commands at other masters; set if none has returned since the
  /// last tick.
  size_t redirected_ = 0;
  bool idle_ = false;

  /// Set if the last canary was redirected.
  bool canary_moved_ = false;

  /// The last number of nodes that was reported to the router.
  uint64_t reported_nodes_ = 0;

  /// Set if Redis refused a request of a session for a reason that `health_`
  /// does not track: the next tick has the registry retry.
  bool retry_ = false;

  /// Set if the registry is to attach addresses again after these events.
  bool attaches_again_ = false;
  std::vector<observer_actor> observers_;

  /// Receives all pushes.
  registry_actor holder_;

  /// Addresses of this node, by channel.
  entries entries_;

  /// Number of the last request for kept data.
  uint64_t completions_ = 0;

  /// Number of unconfirmed SUBSCRIBE commands of each channel. Redis replies in
  /// order, so a channel is subscribed once it has confirmed the last one.
  std::unordered_map<std::string, size_t> unconfirmed_;

  /// The last canary, and the first one of this link.
  uint64_t canaries_ = 0;
  uint64_t first_canary_ = 0;

  /// The canary that the last tick sent; 0 once it has returned.
  uint64_t tick_canary_ = 0;
  uint64_t ticks_ = 0;

  /// Earliest time to leave a server that proves to be a replica, and time
  /// until which an older node of this name is assumed to exist.
  time_point leave_replica_after_;
  time_point rival_until_;

  canary_fence fence_;

  /// Actors that wait for reports, by the id of the push or query.
  std::unordered_map<std::string, report_receiver_actor> waiting_;

  report_batch reports_;

  /// Messages for the registry, and outcomes of pushes by their receivers,
  /// until the events of this turn have been handled.
  addressed_messages deliveries_;
  std::unordered_map<outcome_receiver_actor, numbered_outcomes> outcomes_;

  /// The last connect, and the begin of the last outage.
  time_point up_since_;
  time_point away_since_;

  /// Set while this node may miss pushes.
  bool in_outage_ = false;
  log_gate gate_;
  metrics counts_{room::redis};
};

} // namespace waybill::redis
