#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <caf/typed_response_promise.hpp>

#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"

namespace waybill {

/// Sends spans to a collector of traces.
class span_exporter {
public:
  using handler = std::function<void(const export_result&)>;

  virtual ~span_exporter() = default;

  /// Sends spans, and calls `handle` with the result.
  virtual void send(const spans& all, handler handle) = 0;
};

using span_exporter_ptr = std::unique_ptr<span_exporter>;

/// Queues the spans of a node, and exports them in batches. A collector that is
/// away costs spans, which are counted, and nothing else.
class span_processor : public hosted<span_processor_actor> {
public:
  /// Maximum number of spans that wait.
  static constexpr size_t max_queue = 8192;

  /// Maximum number of spans in a request.
  static constexpr size_t max_batch = 512;

  /// Time for which spans are collected.
  static constexpr auto interval = caf::timespan{std::chrono::seconds{1}};

  /// Longest time until another attempt, each of which waits twice as long as
  /// the last.
  static constexpr auto max_interval = caf::timespan{std::chrono::seconds{30}};

  /// Time for which a node that stops waits.
  static constexpr auto drain_time = std::chrono::seconds{2};

  span_processor(caf::actor_config& cfg, caf::execution_unit* host,
                 collector_actor collector, span_exporter_ptr exporter);

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  void add(const span& span);

  /// Exports the first spans of the queue, unless some are under way.
  void export_batch();

  void on_result(const export_result& result);

  /// Exports the queue after a time, unless that is due already.
  void export_after(caf::timespan time);

  caf::typed_response_promise<ok_atom> drain();

  /// Ends the wait of a node that stops.
  void finish_drain();

  void count(metric x, uint64_t spans);

  const collector_actor collector_;
  span_exporter_ptr exporter_;
  spans queue_;

  /// Number of spans under way, the first of the queue.
  size_t sent_ = 0;

  /// Set while a message to this actor will export the queue.
  bool is_due_ = false;
  caf::timespan retry_ = interval;
  caf::typed_response_promise<ok_atom> drained_;
};

} // namespace waybill
