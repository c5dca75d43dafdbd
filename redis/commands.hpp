#pragma once

#include <functional>
#include <string>
#include <vector>

#include <caf/expected.hpp>

#include "redis/client.hpp"
#include "redis/codec.hpp"
#include "redis/config.hpp"
#include "redis/health.hpp"
#include "redis/impairment.hpp"
#include "redis/scripts.hpp"

namespace waybill::redis {

/// What Redis keeps and does for a bridge besides subscriptions: pushes, the
/// mailboxes of ids, the keys of pushes and the owners of ids.
///
/// Everything here sends a command and hands the answer to `then`, later; or
/// `errc::bus_away`, if surely nothing was done, with what Redis said if it
/// did, `errc::unanswered`, or `errc::refused` with what Redis said of this
/// command alone.
class commands {
public:
  template <class T>
  using handler = std::function<void(caf::expected<T>)>;

  /// What a store needs to know of its bridge, and tells it.
  struct environment {
    virtual ~environment() = default;

    /// Returns how many nodes must be there before it is known that nobody
    /// holds an address.
    virtual size_t expected_nodes() = 0;

    /// An error stops more than the command that it answers.
    virtual void on_impaired(impairment kind, const std::string& error) = 0;
  };

  /// @param config, redis, surroundings outlive the store.
  commands(const bridge_config& config, client& redis, environment& environment)
      : config_(config), redis_(redis), environment_(environment) {
    // nop
  }

  /// Finds out whether Redis does all that is needed.
  /// @param every_command is set to try each command that a function needs, and
  ///        not only the first, which Redis refuses when it is full, read-only,
  ///        or short of replicas, too.
  void check(bool every_command, handler<check_result> then);

  /// Makes Redis know our scripts. To be called when it may have forgotten.
  void load();

  /// Publishes a push (PUBLISH, or a script if something is to be kept). May
  /// answer `errc::mailbox_full`, `errc::key_reused` or `errc::under_way`, too,
  /// and `errc::nodes_missing` if it reached nobody while not all nodes are
  /// there.
  void publish(const push_address& address, const push& push,
               handler<outcome> then);

  /// Remembers what became of a push.
  void record_outcome(const std::string& key, const outcome& outcome);

  /// Hands on why an entry of a mailbox cannot be read.
  using rejection_handler
    = std::function<void(const push_address&, const std::string& reason)>;

  /// Reads a part of a mailbox. Entries that cannot be read are moved to the
  /// dead letters.
  void read(const inbox_query& query, rejection_handler on_rejected,
            handler<inbox_page> then);

  /// Keeps what could not be understood as a dead letter, unless another node
  /// has.
  void dead_letter(const std::string& message, const std::string& reason,
                   handler<uint64_t> then);

  /// Removes an entry of a mailbox and all before it; answers how many those
  /// were.
  void confirm(const push_address& address, const std::string& entry,
               handler<uint64_t> then);

  /// Makes a newer session the owner of an id.
  void claim(const push_address& address, handler<uint64_t> then);

  /// Asks for the number of the claim that owns an id; 0 if there is none
  /// (GET).
  void owner(const push_address& address, handler<uint64_t> then);

  /// Asks how many nodes hold an address (PUBSUB NUMSUB), or answers
  /// `errc::nodes_missing`, as above.
  void presence(const push_address& address, handler<uint64_t> then);

  /// Tells a node something (PUBLISH); answers how many nodes heard it.
  void tell(const std::string& node, const node_message& message,
            handler<uint64_t> then);

  /// Returns the name of the channel of an address.
  std::string channel_of(const push_address& address) const {
    return config_.prefix + ':' + address.key();
  }

  /// Returns the name of the channel of a node.
  std::string channel_of_node(const std::string& name) const {
    return config_.prefix + ":node:" + name;
  }

private:
  /// Publishes again what reached nobody, unless it reaches somebody now, and
  /// finds out whether all nodes are there.
  void recount(const std::string& channel, std::string message, outcome result,
               handler<outcome> then);

  /// Hands on what reached so many nodes, unless those are none and others are
  /// missing.
  void finish(outcome result, uint64_t nodes, bool all_there,
              const handler<outcome>& then);

  /// Hands an outcome on when as many replicas have it as should (WAIT); a push
  /// that they may not have is lost if one of them becomes the master.
  void await_replicas(outcome result, handler<outcome> then);

  /// Makes Redis know a script.
  void load(const script& script);

  /// Runs a script, which outlives the answer.
  void eval(const script& script, std::vector<std::string> keys,
            std::vector<std::string> arguments, handler<reply> then);

  /// Sends a command, whose reply is an error here if it is one of Redis'.
  void send(command command, handler<reply> then);

  /// Makes an error of one of Redis'.
  caf::error refusal(const std::string& text);

  /// Moves an entry of a mailbox to the dead letters.
  void reject(const push_address& address, const std::string& entry,
              const std::string& message, const std::string& reason);

  std::string dead_letters() const { return config_.prefix + ":dead"; }

  std::string inbox_of(const push_address& address) const;

  /// Returns what the key is called that tells when entries of the mailbox are
  /// due.
  std::string due_of(const push_address& address) const;

  /// Returns the name of the channel that all nodes hold.
  std::string channel_of_nodes() const {
    return channel_of(push_address::nodes());
  }

  const bridge_config& config_;
  client& redis_;
  environment& environment_;
};

} // namespace waybill::redis
