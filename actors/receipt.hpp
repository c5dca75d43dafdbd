#pragma once

#include <map>
#include <set>
#include <string>

#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"

namespace waybill {

/// Publishes one push, adds up the reports of it, and ends with its outcome.
///
/// It expects a report from each of the nodes that the bus has sent the push
/// to. When the time is up it probes each node whose reports are incomplete. A
/// node that does not answer counts as unknown, never as a success.
class receipt : public hosted<receipt_actor> {
public:
  receipt(caf::actor_config& cfg, caf::execution_unit* host, bus_actor bus,
          push_address address, push push);

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  caf::typed_response_promise<outcome> start();

  void publish();

  void on_published(outcome& outcome);

  void on_report(const report& report);

  /// Ends if every session of every node has reached the requested level, or
  /// has ended or dropped the push before.
  void check();

  /// Returns whether a node has sessions whose reports are due.
  bool owes(const delivery_counts& counts) const;

  /// Schedules a time-out.
  void wait(caf::timespan time);

  void on_tick();

  void on_timeout();

  /// Probes the nodes whose reports are incomplete.
  void probe();

  /// Ends with the sum of all reports.
  void finish();

  void finish(caf::expected<outcome> outcome);

  const bus_actor bus_;
  const push_address address_;
  push push_;
  caf::typed_response_promise<outcome> promise_;
  outcome result_;

  /// Set once the bus has answered, with the number of nodes it sent the push
  /// to.
  bool published_ = false;
  uint64_t sent_to_ = 0;

  /// Set while another push of the same key is in flight.
  bool is_repeat_ = false;

  /// Time of the next time-out; `late_` is set after that of the pusher.
  caf::actor_clock::time_point deadline_;
  bool late_ = false;

  /// Sums of the reports of each node, by name.
  std::map<std::string, delivery_counts> nodes_;

  /// Nodes that have not answered their probe, and the number of nodes that no
  /// longer exist.
  std::set<std::string> probed_;
  uint64_t gone_ = 0;
};

} // namespace waybill
