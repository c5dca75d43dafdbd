#pragma once

#include <map>
#include <string>

#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"

namespace waybill {

/// Publishes one query, gathers the reports on it, and ends with its result.
///
/// It expects an answer from each of the nodes that the bus has sent the query
/// to. A node whose answer is incomplete when the time is up counts as unknown.
class survey : public hosted<survey_actor> {
public:
  /// @param time is the time for which the answers are awaited.
  survey(caf::actor_config& cfg, caf::execution_unit* host, bus_actor bus,
         push_address address, query query, caf::timespan time);

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  /// Sums of the reports of a node.
  struct progress {
    /// Number of answers; several nodes of a loopback have one name.
    uint64_t answers = 0;

    /// Number of sessions that the node has, and that it has reported.
    uint64_t sessions = 0;
    uint64_t reported = 0;

    void add(const delivery_counts& x);
    void add(const settled& x);
    void add(const session_list& x);
    void add(const trace_events& x);
    void add(const node_metrics& x);
    void add(const ranking& x);
  };

  caf::typed_response_promise<query_result> start();

  void on_published(uint64_t nodes);

  void on_report(report& report);

  /// Returns whether a node has reported all: only sessions may come in parts.
  bool is_complete(const progress& node) const noexcept {
    return query_.type != query::kind::sessions
           || node.reported >= node.sessions;
  }

  /// Ends if all nodes have answered.
  void check();

  void on_tick();

  /// Schedules a tick at the deadline, or before it.
  void wait();

  /// Ends with all reports.
  void finish();

  void finish(caf::expected<query_result> result);

  const bus_actor bus_;
  const push_address address_;
  const query query_;
  const caf::timespan time_;
  caf::typed_response_promise<query_result> promise_;
  query_result result_;

  /// Set once the bus has answered.
  bool published_ = false;
  caf::actor_clock::time_point deadline_;

  /// Nodes that have reported, by name.
  std::map<std::string, progress> nodes_;
};

} // namespace waybill
