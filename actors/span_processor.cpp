#include "actors/span_processor.hpp"

#include <algorithm>
#include <utility>

namespace waybill {

span_processor::span_processor(caf::actor_config& cfg,
                               caf::execution_unit* host,
                               collector_actor collector,
                               span_exporter_ptr exporter)
    : hosted(cfg, host), collector_(std::move(collector)),
      exporter_(std::move(exporter)) {
  // nop
}

const char* span_processor::name() const {
  return "waybill.span-processor";
}

void span_processor::on_exit() {
  // A promise refers to the actor that made it.
  drained_ = {};
}

span_processor::behavior_type span_processor::make_behavior() {
  return {
    [this](const span& x) { add(x); },
    [this](tick_atom) {
      is_due_ = false;
      export_batch();
    },
    [this](const export_result& result) { on_result(result); },
    [this](drain_atom) { return drain(); },
    [this](gone_atom) { finish_drain(); },
  };
}

void span_processor::add(const span& span) {
  if (queue_.size() == max_queue)
    return count(metric::dropped_spans, 1);
  queue_.push_back(span);
  export_after(interval);
}

void span_processor::export_after(caf::timespan time) {
  if (sent_ == 0 && !std::exchange(is_due_, true))
    delayed_send(this, time, tick_atom_v);
}

void span_processor::export_batch() {
  if (sent_ > 0 || queue_.empty())
    return;
  sent_ = std::min(queue_.size(), max_batch);
  auto end = queue_.begin() + static_cast<ptrdiff_t>(sent_);
  exporter_->send({queue_.begin(), end},
                  [self = span_processor_actor{this}](const export_result& x) {
                    caf::anon_send(self, x);
                  });
}

void span_processor::on_result(const export_result& result) {
  auto sent = std::exchange(sent_, 0);
  if (result.is_away) {
    finish_drain();
    return export_after(
      std::exchange(retry_, std::min(2 * retry_, max_interval)));
  }
  retry_ = interval;
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<ptrdiff_t>(sent));
  auto rejected = std::min<uint64_t>(result.rejected, sent);
  count(metric::exported_spans, sent - rejected);
  count(metric::dropped_spans, rejected);
  if (queue_.empty())
    finish_drain();
  else if (drained_.pending() || queue_.size() >= max_batch)
    export_batch();
  else
    export_after(interval);
}

caf::typed_response_promise<ok_atom> span_processor::drain() {
  drained_ = make_response_promise<ok_atom>();
  if (queue_.empty())
    finish_drain();
  else
    delayed_send(this, drain_time, gone_atom_v);
  export_batch();
  return drained_;
}

void span_processor::finish_drain() {
  if (drained_.pending())
    drained_.deliver(ok_atom_v);
}

void span_processor::count(metric x, uint64_t spans) {
  if (spans == 0)
    return;
  metrics counts;
  counts[x] = spans;
  send(collector_, count_atom_v, counts);
}

} // namespace waybill
