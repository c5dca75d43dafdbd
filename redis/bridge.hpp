#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/core/log_gate.hpp"
#include "actors/hosted.hpp"
#include "redis/client.hpp"
#include "redis/commands.hpp"
#include "redis/config.hpp"
#include "redis/health.hpp"
#include "redis/lag_meter.hpp"
#include "redis/node_table.hpp"
#include "redis/report_batch.hpp"

namespace waybill::redis {

/// Turns pub/sub messages into actor messages, and pushes into PUBLISH.
///
/// Redis' own subscriptions say which node holds an address; the bridge keeps
/// those of this node as they should be, through every reconnect. It is ready
/// only while a canary comes back: a number that it publishes to itself twice
/// a second, on the one connection, and hears on the other. A canary that it
/// has not sent is that of another node with its name.
///
/// As often it has Redis try the commands that it needs, since what a Redis
/// that loads, is full or has too few rights refuses is no fault of the session
/// or push that asked for it.
class bridge : public hosted<bridge_actor>, private commands::environment {
public:
  bridge(caf::actor_config& cfg, caf::execution_unit* host,
         bridge_config config, client_ptr redis);

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  using time_point = caf::actor_clock::time_point;

  using promise = caf::typed_response_promise<ok_atom>;

  /// How often a canary leaves at least.
  static constexpr auto canary_interval = std::chrono::milliseconds{500};

  /// An address that this node holds, or has just given back.
  struct entry {
    push_address address;

    /// Set until it is given back.
    bool held = false;

    /// Kept until a push to the channel will surely be heard.
    promise attached;

    /// Kept until UNSUBSCRIBE is confirmed, the oldest first.
    std::deque<promise> detached;
  };

  using entries = std::unordered_map<std::string, entry>;

  // -- the link ---------------------------------------------------------------

  void on(link_up&);
  void on(link_down& event);
  void on(subscribed& event);
  void on(unsubscribed& event);
  void on(message& message);
  void on(answered& event);

  caf::result<ok_atom> attach_address(const push_address& address);

  caf::result<ok_atom> detach_address(const push_address& address);

  void subscribe(std::vector<std::string> channels);

  /// Forgets an address if it is not held and nobody waits for its end, for
  /// which a lost link is as good as a confirmation.
  void forget(entries::iterator i);

  void send_canary();

  void on_canary_reply(const caf::expected<reply>& reply);

  void on_tick();

  // -- what Redis does for us -------------------------------------------------

  bool is_ready() const noexcept { return status_.state == bus_state::ready; }

  /// Returns the error of what cannot be asked of Redis now.
  caf::error away() const { return {errc::bus_away, status_.reason}; }

  /// Tells all who follow it what has changed in `health_`.
  void update();

  /// Has Redis try the commands that are needed.
  void check();

  /// Finds out whether Redis would rather delete mailboxes than refuse a push
  /// (INFO memory).
  void read_policy();

  size_t expected_nodes() override;

  void on_impaired(impairment kind, const std::string& error) override;

  /// Tells the registry that it misses pushes, and counts the gap.
  void begin_outage();

  /// Counts how long it was.
  void end_outage();

  /// Returns the time since Redis went away.
  std::chrono::milliseconds outage_time() const;

  /// Returns what was counted, with a gap that has not ended.
  counters metrics();

  // -- what comes from Redis --------------------------------------------------

  void on_canary(const std::string& bytes);

  /// A canary of another node of this name.
  void on_foreign_canary(std::string_view tag, uint64_t began);

  /// Asks how many nodes Redis counts.
  void count_nodes();

  void send_beat(bool leaving);

  /// Has Redis count a silent node no more.
  void cut_off(const node_table::silent_node& node);

  void on_node_message(const std::string& bytes);

  void on_ingress(const std::string& bytes);

  /// Counts a message that cannot be read, or is of another kind.
  void on_unreadable(const std::string& channel, const caf::error& why);

  /// Puts what could not be understood where people find it.
  void dead_letter(const std::string& bytes, const std::string& reason);

  // -- what goes to Redis -----------------------------------------------------

  caf::result<outcome> publish(const push_address& address, const push& push);

  /// Delivers what a command is answered.
  /// @param what sends it, and takes a `store::handler<T>`.
  template <class T, class Command>
  caf::result<T> ask(Command send);

  caf::result<inbox_page> read(const inbox_query& query);

  /// Hands a report to whoever waits for it here, or to its node.
  void take(report report);

  /// Has the outbox flushed once all messages that are here have been handled.
  /// To be called before something is put into it.
  void flush_soon();

  /// Logs a line, unless one of its kind was logged within the last second.
  void complain(std::string_view kind, const std::string& line);

  /// Logs the same, and names the Redis.
  void complain_of_redis(std::string_view kind, const std::string& line);

  /// Says that Redis refused something.
  void complain(const caf::error& why);

  const bridge_config config_;
  const std::string own_channel_;
  client_ptr redis_;
  commands commands_;
  const std::string nodes_channel_;
  health health_;
  bus_status status_;
  lag_meter lag_;
  node_table nodes_;
  bool linked_ = false;

  /// What Redis calls the connection that subscribes; 0 if that is not known.
  uint64_t client_ = 0;

  /// Set once this node ends in order.
  bool leaving_ = false;

  /// Set if Redis refused what a session waits for, without a reason that
  /// `health_` follows: it is tried again.
  bool retry_ = false;
  std::vector<observer_actor> observers_;

  /// Who gets what comes.
  registry_actor holder_;

  /// What this node holds, by channel.
  entries entries_;

  /// How many SUBSCRIBE of a channel Redis has yet to confirm. It answers in
  /// order, so a channel is surely subscribed when it has answered the last.
  std::unordered_map<std::string, size_t> unconfirmed_;

  /// The numbers of the last canary, and of the first on this link.
  uint64_t canaries_ = 0;
  uint64_t first_canary_ = 0;

  /// The last that a tick sent; 0 once it came back.
  uint64_t tick_canary_ = 0;
  uint64_t ticks_ = 0;

  /// From when on a server that turns out to be a replica is left.
  time_point leave_replica_after_;

  /// Until when another node is known to have this name.
  time_point rival_until_;

  /// Parts of mailboxes that are answered when all has been heard that was
  /// published before they were read: when the canary of that number is back.
  struct fenced_page {
    uint64_t canary;
    caf::typed_response_promise<inbox_page> promise;
    inbox_page page;
  };
  std::deque<fenced_page> fenced_;

  /// Who waits for reports, by the id of its push.
  std::unordered_map<std::string, receipt_actor> waiting_;

  report_batch reports_;

  /// When Redis last showed that it is there for us, was reached, and went
  /// away.
  time_point last_heard_;
  time_point up_since_;
  time_point away_since_;

  /// Set while pushes may miss what this node holds.
  bool in_outage_ = false;
  log_gate gate_;
  counters counts_;
};

} // namespace waybill::redis
