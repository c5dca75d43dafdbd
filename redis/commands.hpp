#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "redis/client.hpp"
#include "redis/codec.hpp"
#include "redis/config.hpp"
#include "redis/health.hpp"
#include "redis/impairment.hpp"
#include "redis/names.hpp"
#include "redis/node_message.hpp"
#include "redis/routing.hpp"
#include "redis/scripts.hpp"

namespace waybill::redis {

/// Handling of a command that a Redis Cluster redirects.
struct redirect_policy {
  enum class kind : uint8_t {
    /// It is refused.
    none,
    /// It is executed by the master of the slot, since it must reach
    /// subscribers, and waits while the slot migrates.
    stay,
    /// It is executed where the keys are.
    follow,
  };

  kind type = kind::follow;

  /// The time of all attempts.
  std::chrono::milliseconds time = std::chrono::seconds{1};
};

/// The commands that a bridge sends to Redis, apart from subscriptions: for
/// pushes, mailboxes, idempotency keys and owners of ids.
///
/// Each member sends a command and passes the result to `then`, later. Errors
/// are `errc::bus_away` if certainly nothing was done, with the error of Redis
/// if it replied one; `errc::unanswered`; and `errc::refused` with an error of
/// Redis that concerns this command alone.
class commands {
public:
  template <class T>
  using handler = std::function<void(caf::expected<T>)>;

  using milliseconds = std::chrono::milliseconds;

  /// The bridge, as its commands see it.
  struct environment {
    virtual ~environment() = default;

    /// Returns the number of nodes that must be subscribed before a count of 0
    /// proves that no node holds an address.
    virtual size_t expected_nodes() = 0;

    /// Handles an error that affects more than the command that it answers.
    virtual void on_impaired(impairment kind, const std::string& error) = 0;

    /// Returns whether a count of 0 proves nothing, since the slot of a channel
    /// has moved a moment ago.
    virtual bool has_moved(const std::string& channel) = 0;

    /// Returns the error for a push that was counted as reaching nobody, while
    /// nodes are missing.
    virtual caf::error uncounted() = 0;

    /// Returns whether the server has the slot of a channel.
    virtual bool has_slot(const std::string& channel) = 0;

    /// Executes a command that this server has redirected where its slot is.
    virtual void redirect(redirected_command command, handler<reply> handler)
      = 0;

    /// Handles an error of this server that is a `redirection`, for a command
    /// that is not to be executed elsewhere.
    virtual void on_redirected(const std::string& error) = 0;
  };

  /// @param config, redis, environment must outlive this object.
  commands(const bridge_config& config, client& redis, environment& environment)
      : config_(config), names_(config.prefix),
        scripts_(scripts_of(config.cluster ? pubsub_kind::sharded
                                           : pubsub_kind::classic)),
        redis_(redis), environment_(environment) {
    // nop
  }

  /// Checks whether Redis executes the commands that are needed.
  /// @param every_command tries each command that a function needs, instead of
  ///        only the first: that one suffices to detect a Redis that is full,
  ///        read-only, or short of replicas.
  void check(bool every_command, handler<check_result> then);

  /// Loads all scripts into Redis; to be called after each connect.
  void load();

  /// Publishes a push, by a script if it has a ttl or a key. Other
  /// errors are `errc::inbox_full`, `errc::key_reused`, `errc::in_flight`, and
  /// `errc::nodes_missing` if no node received it while some are missing.
  void publish(const push_address& address, const push& push,
               handler<outcome> then);

  /// Publishes a kick or a query; returns the number of receivers. Fails with
  /// `errc::nodes_missing` as above.
  void publish(const push_address& address, const kick& kick,
               handler<uint64_t> then) {
    publish(channel_of(address), encode(kick), redirect_policy{}.time,
            std::move(then));
  }

  /// Publishes a query as above. If it changes the kept data of the address,
  /// Redis changes them in the same step.
  void publish(const push_address& address, const query& query,
               handler<uint64_t> then);

  /// Publishes a message of a client, or adds it to the stream of these and
  /// trims that (XADD).
  void pass_upstream(const client_message& message, handler<reply> then);

  /// Reads the topics that are kept for an id.
  void topics(const push_address& address, handler<kept_topics> then);

  /// Reads the last value of a topic, if there is one (GET, PTTL).
  void value(const push_address& address,
             handler<std::optional<last_value>> then);

  /// Stores the outcome of a push under its idempotency key, which is known for
  /// its address.
  void record_outcome(const push_address& address, const std::string& key,
                      const outcome& outcome);

  /// Counts the entries of a mailbox (XLEN).
  void count_entries(const push_address& address, handler<uint64_t> then);

  /// Receives the reason why an entry of a mailbox cannot be decoded.
  using rejection_handler
    = std::function<void(const push_address&, const std::string& reason)>;

  /// Reads a page of a mailbox, if it has entries. Moves entries that
  /// cannot be decoded to the dead letters.
  void read(const inbox_query& query, rejection_handler on_rejected,
            handler<inbox_page> then);

  /// Removes expired entries of a mailbox, and summarizes it.
  void summarize(const push_address& address, handler<inbox_summary> then);

  /// Empties a mailbox; returns the number of pushes that were in it.
  void clear(const push_address& address, handler<uint64_t> then);

  /// Stores a malformed message of a channel as a dead letter, unless another
  /// node has.
  void dead_letter(const std::string& message, const std::string& reason,
                   handler<uint64_t> then);

  /// Removes an entry of a mailbox and all before it; returns the number of
  /// entries removed.
  void confirm(const push_address& address, const std::string& entry,
               handler<uint64_t> then);

  /// Makes a newer session the owner of an id; returns the number of the claim.
  void claim(const push_address& address, handler<uint64_t> then);

  /// Reads the number of the claim that owns an id; 0 if there is none (GET).
  void owner(const push_address& address, handler<uint64_t> then);

  /// Counts the nodes that hold an address; fails with `errc::nodes_missing` as
  /// `publish` does.
  void presence(const push_address& address, handler<uint64_t> then);

  /// Sends a message to a node; returns the number of receivers.
  void tell(const std::string& node, const node_message& message,
            handler<uint64_t> then);

  /// Returns the channel of an address.
  std::string channel_of(const push_address& address) const {
    return names_.channel_of(address);
  }

  /// Publishes a message of this node to itself, and proves that the server has
  /// the slot of the channel: a replica or a former master would accept
  /// SPUBLISH. Passes the reply of Redis, which may be an error.
  void publish_proof(const std::string& channel, const std::string& message,
                     reply_handler handler);

  /// Counts the nodes that hold the channel of all nodes.
  void count_nodes(handler<uint64_t> handler);

  /// Returns the command that publishes a message to all nodes.
  command message_to_nodes(std::string message) const;

  /// Returns whether an error is a redirection of a command that is not to be
  /// executed elsewhere.
  static bool is_redirected(const caf::error& error);

  /// Returns whether a key holds another type than the command expects.
  static bool is_wrong_type(const caf::error& error) {
    return error == errc::refused
           && error.context().get_as<std::string>(0).find("WRONGTYPE")
                != std::string::npos;
  }

  const names& all_names() const noexcept { return names_; }

  /// Sets the slots of the server, a master of a Redis Cluster.
  void set_slots(const slot_set& slots) { names_.set_slots(slots); }

  /// Makes `check` use other keys.
  void change_unused_address() { names_.change_unused_address(); }

private:
  using command_ptr = std::shared_ptr<const command>;

  /// Publishes a message; returns the number of receivers, or
  /// `errc::nodes_missing` if there are none while nodes are missing.
  /// @param time is the time of all attempts if it is redirected.
  void publish(std::string channel, std::string message, milliseconds time,
               handler<uint64_t> then);

  /// Counts the nodes that hold an address, and fails with
  /// `errc::nodes_missing` if there are none while nodes are missing.
  /// @param message is published to them, if there is one.
  void count(const std::string& channel, command message,
             handler<uint64_t> then);

  /// Returns whether a count of 0 subscribers of a channel proves that there
  /// are none.
  /// @param present is the number of nodes that were counted in the same step.
  /// @param expected is the number of nodes that must be there.
  bool proves_absence(const std::string& channel, int64_t present,
                      size_t expected);

  /// Reads the remaining time of a last value.
  void read_end(const std::string& key, last_value value,
                handler<std::optional<last_value>> then);

  /// Reads the remaining times of topics.
  /// @param scored are names of topics, each followed by the time at which it
  ///        ends.
  void end_times(std::vector<reply> scored, handler<kept_topics> then);

  /// Counts the nodes that hold a channel whose slot migrates, and fails with
  /// `errc::nodes_missing` if there are none.
  void count_migrating(const std::string& channel, handler<uint64_t> handler);

  /// Returns the command that publishes to addresses and nodes.
  const char* publish_command() const {
    return config_.cluster ? "SPUBLISH" : "PUBLISH";
  }

  /// Completes a push once enough replicas have it (WAIT): otherwise a failover
  /// could lose it.
  void await_replicas(const std::string& channel, outcome result,
                      handler<outcome> then);

  /// Loads a script (SCRIPT LOAD).
  void load(const script& script);

  /// Runs a script (EVALSHA), and loads it first if Redis does not know it.
  /// @param script must outlive the reply.
  void eval(const script& script, std::vector<std::string> keys,
            std::vector<std::string> arguments, handler<reply> then,
            redirect_policy policy = {});

  /// Sends a command; converts an error reply into an error.
  void send(command_ptr words, handler<reply> then,
            redirect_policy policy = {});

  /// Converts an error reply, reports an impairment to the environment, and
  /// has a command executed elsewhere.
  void on_error(const command_ptr& words, std::string text,
                redirect_policy policy, const handler<reply>& handler);

  /// Reads a page of a mailbox.
  void read_page(const inbox_query& query, const rejection_handler& on_rejected,
                 const handler<inbox_page>& then);

  /// Summarizes a mailbox, and empties it if `clears` is set.
  void read_summary(const push_address& address, bool clears,
                    handler<inbox_summary> then);

  /// Moves an entry of a mailbox to the dead letters.
  void reject(const push_address& address, const std::string& entry,
              const std::string& message, const std::string& reason);

  /// Stores a message once as a dead letter.
  /// @param receiver is the node that received it from a channel, or empty.
  /// @param id is unique to the message, or to the entry of a mailbox.
  /// @param fields are further fields of the dead letter.
  void store_dead_letter(const std::string& receiver, std::string_view id,
                         const std::string& message, const std::string& reason,
                         const command& fields, handler<uint64_t> then);

  const bridge_config& config_;
  names names_;
  const script_table& scripts_;
  client& redis_;
  environment& environment_;
};

} // namespace waybill::redis
