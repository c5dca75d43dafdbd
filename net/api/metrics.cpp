#include "net/api/metrics.hpp"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <sstream>

#include <prometheus/text_serializer.h>

#include "net/api/process_stats.hpp"

namespace waybill::net {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// Maps a counter of `/stats` to a metric. Rows of one metric are adjacent.
struct metric {
  const char* figure;
  const char* name;
  MetricType type;
  const char* help;

  /// Distinguishes the rows of one metric; null for none.
  const char* label = nullptr;
  const char* value = nullptr;

  /// The factor that converts the counter to the metric's unit.
  double scale = 1;
};

constexpr auto counter = MetricType::Counter;
constexpr auto gauge = MetricType::Gauge;

constexpr auto answers = "waybill_push_answers_total";
constexpr auto answers_help = "HTTP pushes, by response status.";
constexpr auto closed = "waybill_closed_sessions_total";
constexpr auto closed_help = "Sessions closed by the node, by reason.";
constexpr auto over = "waybill_over_limit_total";
constexpr auto over_help
  = "Refusals because of a limit, by the option that sets it.";
constexpr auto refused = "waybill_refused_total";
constexpr auto refused_help = "Requests rejected before processing, by reason.";
constexpr auto broken = "waybill_broken_connections_total";
constexpr auto broken_help = "Connections closed for a failure, silence or "
                             "lack of descriptors, by reason.";

/// The counter that `add_other_refusals` adds.
constexpr auto other_refusals = "other_refusals";

constexpr metric table[] = {
  {"sessions", "waybill_sessions", gauge, "Open sessions on the node."},
  {"addresses", "waybill_addresses", gauge,
   "Ids and topics that have a session on the node."},
  {"joins", "waybill_joins_total", counter, "Sessions opened since start."},
  {"deliveries", "waybill_deliveries_total", counter,
   "Pushes handed to sessions."},
  {"dropped_frames", "waybill_dropped_frames_total", counter,
   "Frames lost because their session ended or its queue was full."},
  {"queued_bytes", "waybill_queued_bytes", gauge,
   "Memory used by the send queues of sessions, in bytes."},
  {"answers_200", answers, counter, answers_help, "status", "200"},
  {"answers_202", answers, counter, answers_help, "status", "202"},
  {"answers_404", answers, counter, answers_help, "status", "404"},
  {"answers_422", answers, counter, answers_help, "status", "422"},
  {"answers_500", answers, counter, answers_help, "status", "500"},
  {"answers_503", answers, counter, answers_help, "status", "503"},
  {"answers_504", answers, counter, answers_help, "status", "504"},
  {"answers_507", answers, counter, answers_help, "status", "507"},
  {"kept_pushes", "waybill_kept_pushes_total", counter,
   "HTTP pushes stored in a mailbox."},
  {"confirmed_pushes", "waybill_confirmed_pushes_total", counter,
   "Pushes removed from a mailbox because a client confirmed them."},
  {"slow_clients", closed, counter, closed_help, "reason", "slow"},
  {"flooding_clients", closed, counter, closed_help, "reason", "flooding"},
  {"replaced_sessions", closed, counter, closed_help, "reason", "replaced"},
  {"kicked_sessions", closed, counter, closed_help, "reason", "kicked"},
  {"failed_sessions", closed, counter, closed_help, "reason", "failed"},
  {"node_queue_closes", "waybill_node_queue_closes_total", counter,
   "Slow sessions closed because all queues together used too much memory."},
  {"over_max_sessions", over, counter, over_help, "option", "max-sessions"},
  {"over_max_sessions_per_id", over, counter, over_help, "option",
   "max-sessions-per-id"},
  {"over_max_sessions_per_peer", over, counter, over_help, "option",
   "max-sessions-per-peer"},
  {"over_max_connection_rate", over, counter, over_help, "option",
   "max-connection-rate"},
  {"over_max_push_rate", over, counter, over_help, "option", "max-push-rate"},
  {"over_max_request_memory", over, counter, over_help, "option",
   "max-request-memory"},
  {other_refusals, refused, counter, refused_help, "reason", "other"},
  {"refused_tokens", refused, counter, refused_help, "reason", "token"},
  {"refused_keys", refused, counter, refused_help, "reason", "key"},
  {"refused_origins", refused, counter, refused_help, "reason", "origin"},
  {"tls_failures", broken, counter, broken_help, "reason", "tls"},
  {"proxy_failures", broken, counter, broken_help, "reason", "proxy"},
  {"silent_connections", broken, counter, broken_help, "reason", "silent"},
  {"refused_connections", broken, counter, broken_help, "reason",
   "descriptors"},
  {"unread_answers", broken, counter, broken_help, "reason", "unread"},
  {"pushes", "waybill_bus_pushes_total", counter, "Pushes sent to Redis."},
  {"busy_pushes", "waybill_bus_busy_pushes_total", counter,
   "Pushes refused because the node receives its own messages too late."},
  {"bus_lag_microseconds", "waybill_bus_lag_seconds", gauge,
   "Time that a message takes from the node through Redis and back.", nullptr,
   nullptr, 1e-6},
  {"nodes", "waybill_bus_nodes", gauge,
   "Nodes known to this node, including itself."},
  {"silent_nodes", "waybill_bus_silent_nodes_total", counter,
   "Silent nodes that this node disconnected from Redis."},
  {"unreadable_mailboxes", "waybill_bus_unreadable_mailboxes_total", counter,
   "Mailboxes whose key in Redis holds another type."},
  {"redis_evicts", "waybill_redis_evicts", gauge,
   "1 if Redis evicts mailboxes when its memory is full."},
  {"bad_messages", "waybill_bad_messages_total", counter,
   "Malformed messages, on any channel and in mailboxes."},
  {"unknown_kinds", "waybill_unknown_kinds_total", counter,
   "Messages between nodes of a kind that this release does not know."},
  {"servers_away", "waybill_bus_servers_away", gauge,
   "Redis servers that the node cannot use now."},
  {"name_clashes", "waybill_name_clashes_total", counter,
   "Canaries of another node with the same name."},
  {"links_lost", "waybill_links_lost_total", counter,
   "Times that the node lost Redis."},
  {"gap_milliseconds", "waybill_gap_seconds_total", counter,
   "Time without Redis, in seconds.", nullptr, nullptr, 0.001},
  {"gap_addresses", "waybill_gap_addresses_total", counter,
   "Addresses that the node held when it lost Redis."},
  {"upstream_dropped", "waybill_upstream_dropped_total", counter,
   "Messages of clients that Redis did not receive."},
};

/// Upper bounds of the latency buckets, in milliseconds.
constexpr int limits[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000};

/// Returns the counter of the bucket with this upper bound.
std::string time_figure(const std::string& name, int limit) {
  return name + "_in_" + std::to_string(limit) + "ms";
}

/// Adds a duration to the counters of a histogram.
void note_time(gateway& actors, const std::string& name,
               std::chrono::steady_clock::duration time) {
  actors.note(name + "_count");
  auto count
    = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  actors.note(name + "_microseconds", static_cast<uint64_t>(count));
  auto limit = std::lower_bound(
    std::begin(limits), std::end(limits), count,
    [](int bound, auto wanted) { return bound * 1000 < wanted; });
  if (limit != std::end(limits))
    actors.note(time_figure(name, *limit));
}

uint64_t figure_of(const counters& figures, const std::string& name) {
  auto found = figures.find(name);
  return found == figures.end() ? 0 : found->second;
}

void set_value(ClientMetric& metric, MetricType type, double value) {
  if (type == gauge)
    metric.gauge.value = value;
  else
    metric.counter.value = value;
}

/// Adds the number of requests that were refused for any other reason, so that
/// the sum over all reasons is the total.
void add_other_refusals(counters& figures) {
  auto others = figure_of(figures, "refused_requests");
  // A reason is counted a moment before the request is, so it may exceed the
  // total.
  for (auto name : {"refused_tokens", "refused_keys", "refused_origins"})
    others -= std::min(others, figure_of(figures, name));
  figures[other_refusals] = others;
}

void add_figures(std::vector<MetricFamily>& to, const counters& figures) {
  for (auto& row : table) {
    if (to.empty() || to.back().name != row.name)
      to.push_back({row.name, row.help, row.type, {}});
    ClientMetric value;
    if (row.label)
      value.label = {{row.label, row.value}};
    set_value(value, row.type,
              static_cast<double>(figure_of(figures, row.figure)) * row.scale);
    to.back().metric.push_back(std::move(value));
  }
}

/// Builds a histogram from the counters that begin with `name`.
ClientMetric histogram_of(const counters& figures, const std::string& name) {
  ClientMetric result;
  auto& all = result.histogram;
  all.sample_count = figure_of(figures, name + "_count");
  all.sample_sum
    = static_cast<double>(figure_of(figures, name + "_microseconds")) / 1e6;
  uint64_t sum = 0;
  for (auto limit : limits) {
    sum += figure_of(figures, time_figure(name, limit));
    all.bucket.push_back({sum, limit / 1e3});
  }
  all.bucket.push_back(
    {all.sample_count, std::numeric_limits<double>::infinity()});
  return result;
}

ClientMetric push_histogram(const counters& figures, const char* level) {
  auto result = histogram_of(figures, level);
  result.label = {{"level", level}};
  return result;
}

/// Builds the summary of the age of pushes that were read from mailboxes.
ClientMetric mailbox_summary(const counters& figures) {
  ClientMetric result;
  result.summary.sample_count = figure_of(figures, "mailbox_read");
  result.summary.sample_sum
    = static_cast<double>(figure_of(figures, "mailbox_milliseconds")) / 1e3;
  return result;
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
  actors.note("answers_" + std::to_string(static_cast<unsigned>(status)));
  if (want == receipt_level::routed || status != http::status::ok)
    return;
  note_time(actors, to_string(want), time);
}

void count_lag(gateway& actors, std::chrono::steady_clock::duration lag) {
  note_time(actors, "lag", lag);
}

std::string to_metrics(counters figures, const bus_status& status,
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
  add_other_refusals(figures);
  add_figures(all, figures);
  all.push_back(
    {"waybill_push_seconds",
     "Time from an HTTP push to its response of 200, by receipt level.",
     MetricType::Histogram,
     {push_histogram(figures, "written"),
      push_histogram(figures, "received")}});
  all.push_back({"waybill_loop_lag_seconds",
                 "Delay of a timer that each event loop sets every second.",
                 MetricType::Histogram,
                 {histogram_of(figures, "lag")}});
  all.push_back({"waybill_mailbox_age_seconds",
                 "Age of pushes when sessions read them from a mailbox.",
                 MetricType::Summary,
                 {mailbox_summary(figures)}});
  add_process(all, context);
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, all);
  return out.str();
}

} // namespace waybill::net
