#pragma once

#include <map>
#include <set>
#include <string>

#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"

namespace waybill {

/// Waits for what becomes of one push, and ends with the answer.
///
/// It starts from the number of nodes that the bus has sent the push to, and
/// adds up what those report. When the time is up it asks each of them that
/// still owes something whether it is there: who is silent is unknown, and is
/// never counted as a success.
class receipt : public hosted<receipt_actor> {
public:
  receipt(caf::actor_config& cfg, caf::execution_unit* host, bus_actor bus,
          push_address address, push push);

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  void publish();

  void on_published(outcome& outcome);

  /// Ends if every session of every node has come as far as was asked, or has
  /// ended or dropped it before.
  void check();

  struct node {
    delivery_counts counts;
    uint64_t details = 0;
  };

  /// Tells whether sessions of a node have not come as far as was asked.
  bool owes(const node& node) const;

  /// Is told by a tick when so much time is over.
  void wait(caf::timespan time);

  /// The time is up.
  void on_late();

  /// Asks the nodes that owe something whether they are there.
  void probe();

  /// Ends with what is known.
  void finish();

  void finish(caf::expected<outcome> outcome);

  const bus_actor bus_;
  const push_address address_;
  push push_;
  caf::typed_response_promise<outcome> promise_;
  outcome result_;

  /// Set once the bus has told to how many nodes it sent the push.
  bool published_ = false;
  uint64_t sent_to_ = 0;

  /// Set while another push of the same key is under way.
  bool is_repeat_ = false;

  /// When the time is up, and whether that of the pusher is.
  caf::actor_clock::time_point deadline_;
  bool late_ = false;

  /// What each node has reported.
  std::map<std::string, node> nodes_;

  /// Nodes that have not answered their probe, and how many are not there.
  std::set<std::string> probed_;
  uint64_t gone_ = 0;
};

} // namespace waybill
