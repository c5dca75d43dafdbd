#include "net/api/metrics.hpp"

#include <unistd.h>

#include <limits>
#include <sstream>
#include <string_view>

#include <prometheus/text_serializer.h>

#include "net/api/process_stats.hpp"

namespace waybill::net {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr auto counter = MetricType::Counter;
constexpr auto gauge = MetricType::Gauge;

MetricType type_of(metric_kind kind) {
  switch (kind) {
  case metric_kind::counter:
    return counter;
  case metric_kind::gauge:
  case metric_kind::peak:
    return gauge;
  case metric_kind::summary:
    return MetricType::Summary;
  case metric_kind::histogram:
    return MetricType::Histogram;
  }
  return MetricType::Untyped;
}

/// Returns the family of a row, which is the last one or a new one.
MetricFamily& family_of(std::vector<MetricFamily>& all,
                        const metric_family& row) {
  if (all.empty() || all.back().name != row.name)
    all.push_back({row.name, row.help, type_of(row.kind), {}});
  return all.back();
}

ClientMetric make_sample(const metric_family& family, const char* value) {
  ClientMetric result;
  if (family.label)
    result.label = {{family.label, value}};
  return result;
}

/// Adds one half of a summary; the first creates it.
void add_half(MetricFamily& to, const metric_info& row, uint64_t value) {
  if (to.metric.empty())
    to.metric.emplace_back();
  auto& summary = to.metric.back().summary;
  if (row.value == std::string_view{"count"})
    summary.sample_count = value;
  else
    summary.sample_sum = static_cast<double>(value) * row.family.scale;
}

void add_metric(MetricFamily& to, const metric_info& row, uint64_t value) {
  if (row.family.kind == metric_kind::summary)
    return add_half(to, row, value);
  auto sample = make_sample(row.family, row.value);
  auto scaled = static_cast<double>(value) * row.family.scale;
  if (to.type == gauge)
    sample.gauge.value = scaled;
  else
    sample.counter.value = scaled;
  to.metric.push_back(std::move(sample));
}

void add_histogram(MetricFamily& to, const latency_info& row,
                   const histogram& x) {
  auto sample = make_sample(row.family, row.value);
  auto& all = sample.histogram;
  all.sample_count = x.count();
  all.sample_sum = static_cast<double>(x.microseconds()) / 1e6;
  uint64_t sum = 0;
  for (size_t i = 0; i < histogram::bounds.size(); ++i) {
    sum += x.bucket(i);
    all.bucket.push_back({sum, histogram::bounds[i] / 1e3});
  }
  all.bucket.push_back({x.count(), std::numeric_limits<double>::infinity()});
  to.metric.push_back(std::move(sample));
}

/// Reduces the refused requests to those that no other reason counts, so that
/// the sum over all reasons is their number. A request is counted together with
/// its reason.
void subtract_reasons(metrics& all) {
  auto& others = all[metric::refused_requests];
  for (auto reason :
       {metric::refused_tokens, metric::refused_keys, metric::refused_origins})
    others -= all[reason];
}

/// Reduces all sessions and joins to those of WebSockets.
void subtract_streams(metrics& all) {
  all[metric::sessions] -= all[metric::event_sessions];
  all[metric::joins] -= all[metric::event_joins];
}

/// Adds all that the tables describe.
void add_metrics(std::vector<MetricFamily>& to, metrics all) {
  subtract_reasons(all);
  subtract_streams(all);
  for (auto& row : metric_table)
    add_metric(family_of(to, row.family), row, all[row.id]);
  for (auto& row : latency_table)
    add_histogram(family_of(to, row.family), row, all[row.id]);
}

/// Returns the counter of pushes that were answered with this status.
metric counter_of(http::status status) {
  switch (status) {
  case http::status::ok:
    return metric::answers_200;
  case http::status::accepted:
    return metric::answers_202;
  case http::status::not_found:
    return metric::answers_404;
  case http::status::unprocessable_entity:
    return metric::answers_422;
  case http::status::service_unavailable:
    return metric::answers_503;
  case http::status::gateway_timeout:
    return metric::answers_504;
  case http::status::insufficient_storage:
    return metric::answers_507;
  default:
    // No push is answered with another one.
    return metric::answers_500;
  }
}

MetricFamily make_gauge(const char* name, const char* help, double value,
                        std::vector<ClientMetric::Label> labels = {}) {
  ClientMetric result;
  result.label = std::move(labels);
  result.gauge.value = value;
  return {name, help, gauge, {std::move(result)}};
}

std::string first_word(const std::string& text) {
  return text.substr(0, text.find(' '));
}

/// Adds the metrics of the process. Omits what cannot be read: a 0 would be
/// wrong, and look like the reset of a counter.
void add_process(std::vector<MetricFamily>& to, const api_context& context) {
  auto used = usage_of(static_cast<size_t>(getpid()));
  if (used.memory_bytes > 0) {
    ClientMetric cpu;
    cpu.counter.value = used.cpu_seconds;
    to.push_back({"process_cpu_seconds_total",
                  "User and system CPU time of the process, in seconds.",
                  counter,
                  {std::move(cpu)}});
    to.push_back(make_gauge("process_resident_memory_bytes",
                            "Resident memory of the process, in bytes.",
                            used.memory_bytes));
  }
  if (auto open = count_descriptors())
    to.push_back(make_gauge("process_open_fds",
                            "Open file descriptors of the process.",
                            static_cast<double>(*open)));
  to.push_back(make_gauge("process_max_fds",
                          "Maximum number of open file descriptors.",
                          static_cast<double>(max_descriptors())));
  std::chrono::duration<double> began = context.began.time_since_epoch();
  to.push_back(make_gauge("process_start_time_seconds",
                          "Start time of the process, in seconds since 1970.",
                          began.count()));
}

} // namespace

void count_answer(gateway& actors, receipt_level want, http::status status,
                  std::chrono::steady_clock::duration time) {
  actors.note(counter_of(status));
  if (want == receipt_level::routed || status != http::status::ok)
    return;
  actors.note(want == receipt_level::written ? latency::written
                                             : latency::received,
              time);
}

std::string to_metrics(const metrics& figures, const bus_status& status,
                       const api_context& context) {
  std::vector<MetricFamily> all;
  all.push_back(make_gauge(
    "waybill_build_info", "1, with the node and its version as labels.", 1,
    {{"node", context.node_name}, {"version", context.version}}));
  auto is_ready = status.state == bus_state::ready && status.takes_sessions;
  all.push_back(make_gauge("waybill_ready",
                           "1 if the node accepts pushes and sessions.",
                           is_ready ? 1 : 0));
  all.push_back(make_gauge(
    "waybill_bus_impaired",
    "1 if Redis fails in part, with the first word of its error as reason.",
    status.reason.empty() ? 0 : 1, {{"reason", first_word(status.reason)}}));
  all.push_back(make_gauge("waybill_max_sessions",
                           "Maximum number of sessions on the node.",
                           static_cast<double>(context.max_sessions)));
  add_metrics(all, figures);
  add_process(all, context);
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, all);
  return out.str();
}

} // namespace waybill::net
