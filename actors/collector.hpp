#pragma once

#include <functional>
#include <string>

#include "actors/core/figure_history.hpp"
#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"

namespace waybill {

/// Collects the metrics of a node: the counts that its event loops send, and
/// those that its registry and its bus keep.
class collector : public hosted<collector_actor> {
public:
  /// Returns counters of the process.
  using process_counters = std::function<counters()>;

  /// @param version the version of Waybill, for reports.
  /// @param of_process adds to the reports and figures of the node.
  collector(
    caf::actor_config& cfg, caf::execution_unit* host, bus_actor bus,
    registry_actor registry, std::string version = {},
    process_counters of_process = [] { return counters{}; });

  const char* name() const override;

protected:
  behavior_type make_behavior() override;

private:
  /// Calls `handler` with the metrics of the node.
  void collect(std::function<void(const metrics&)> handler);

  /// Calls `handler` with these metrics of the node, which takes no sessions
  /// while the bus is away.
  void withhold_headroom(metrics all,
                         std::function<void(const metrics&)> handler);

  caf::typed_response_promise<metrics> respond();

  /// Returns these metrics as counters, with those of the process.
  counters with_process(const metrics& all) const;

  /// Reports the metrics of the node as its answer to a query.
  void answer(const push_address& address, const query& query);

  const bus_actor bus_;
  const registry_actor registry_;
  const std::string version_;
  const process_counters of_process_;
  metrics counts_{room::net};
  figure_history history_;
};

} // namespace waybill
