#define CAF_SUITE metrics

#include "net/api/metrics.hpp"

#include <set>
#include <sstream>

#include "test/fixture.hpp"

namespace metrics_suite {

using namespace waybill;
using namespace waybill::net;
using namespace std::chrono_literals;

namespace {

const bus_status ready{bus_state::ready, true, true};

/// The metrics of a node, by name and labels as they are printed.
using samples = std::map<std::string, std::string>;

samples parse(const std::string& text) {
  samples result;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#'))
      continue;
    auto end = line.rfind(' ');
    CAF_REQUIRE_NOT_EQUAL(end, std::string::npos);
    auto is_new
      = result.emplace(line.substr(0, end), line.substr(end + 1)).second;
    CAF_MESSAGE(line);
    CAF_CHECK(is_new);
  }
  return result;
}

/// Builds metrics with these values.
waybill::metrics
counts(std::initializer_list<std::pair<metric, uint64_t>> values) {
  waybill::metrics result;
  for (auto& [name, value] : values)
    result[name] = value;
  return result;
}

struct metrics_fixture : test::fixture {
  metrics_fixture() {
    auto bus = spawn<loopback>("node", 1000);
    auto registry = spawn<waybill::registry>(bus, same_id::all);
    entrance = spawn_gateway(bus, registry);
    settle();
    context = std::make_unique<api_context>(api_context{
      actors(), "node", std::make_shared<const access_policy>(), "1.2.3"});
  }

  gateway& actors() { return deref<gateway>(entrance); }

  /// Returns the metrics of these figures.
  samples print(const waybill::metrics& figures,
                const bus_status& status = ready) {
    return parse(to_metrics(figures, status, *context));
  }

  /// Returns the metrics of what was counted.
  samples counted() {
    advance_time(1s);
    settle();
    waybill::metrics figures;
    actors().stats([&](const waybill::metrics& x) { figures = x; });
    settle();
    return print(figures);
  }

  gateway_actor entrance;
  std::unique_ptr<api_context> context;
};

/// Returns the name of a bucket of a histogram.
std::string bucket(const std::string& name, const std::string& labels,
                   const std::string& limit) {
  return name + "_bucket{" + labels + "le=\"" + limit + "\"}";
}

std::string push_bucket(const std::string& level, const std::string& limit) {
  return bucket("waybill_push_seconds", "level=\"" + level + "\",", limit);
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(metrics_tests, metrics_fixture)

CAF_TEST(a metric stands in one place with its help and type) {
  std::istringstream in{to_metrics({}, ready, *context)};
  std::set<std::string> helps;
  std::set<std::string> types;
  std::string name;
  for (std::string line; std::getline(in, line);) {
    CAF_MESSAGE(line);
    std::istringstream words{line};
    std::string hash;
    std::string kind;
    if (line.starts_with("# HELP ")) {
      words >> hash >> kind >> name;
      CAF_CHECK(helps.insert(name).second);
    } else if (line.starts_with("# TYPE ")) {
      std::string typed;
      words >> hash >> kind >> typed;
      CAF_CHECK_EQUAL(typed, name);
      CAF_CHECK(types.insert(name).second);
    } else {
      CAF_CHECK(line.starts_with(name));
    }
  }
  CAF_CHECK(helps == types);
  CAF_CHECK_EQUAL(helps.count("waybill_closed_sessions_total"), 1u);
}

CAF_TEST(a counter ends with total and nothing else does) {
  std::istringstream in{to_metrics({}, ready, *context)};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("# TYPE ")) {
      CAF_MESSAGE(line);
      CAF_CHECK_EQUAL(line.ends_with(" counter"),
                      line.find("_total ") != std::string::npos);
    }
}

CAF_TEST(a figure that was never counted is zero) {
  auto all = print({});
  CAF_CHECK_EQUAL(all["waybill_sessions{transport=\"events\"}"], "0");
  CAF_CHECK_EQUAL(all["waybill_push_answers_total{status=\"200\"}"], "0");
  CAF_CHECK_EQUAL(all["waybill_refused_total{reason=\"other\"}"], "0");
  CAF_CHECK_EQUAL(all[push_bucket("written", "+Inf")], "0");
  CAF_CHECK_EQUAL(all["waybill_mailbox_age_seconds_count"], "0");
}

CAF_TEST(figures of one name are told apart by a label) {
  auto all = print(counts({{metric::sessions, 3},
                           {metric::event_sessions, 1},
                           {metric::answers_404, 5},
                           {metric::kicked_sessions, 2},
                           {metric::over_max_sessions_per_id, 7},
                           {metric::tls_failures, 1}}));
  CAF_CHECK_EQUAL(all["waybill_sessions{transport=\"websocket\"}"], "2");
  CAF_CHECK_EQUAL(all["waybill_sessions{transport=\"events\"}"], "1");
  CAF_CHECK_EQUAL(all["waybill_push_answers_total{status=\"404\"}"], "5");
  CAF_CHECK_EQUAL(all["waybill_push_answers_total{status=\"200\"}"], "0");
  CAF_CHECK_EQUAL(all["waybill_closed_sessions_total{reason=\"kicked\"}"], "2");
  CAF_CHECK_EQUAL(all["waybill_over_limit_total{option=\"max-sessions-per-id"
                      "\"}"],
                  "7");
  CAF_CHECK_EQUAL(all["waybill_over_limit_total{option=\"max-sessions\"}"],
                  "0");
  CAF_CHECK_EQUAL(all["waybill_broken_connections_total{reason=\"tls\"}"], "1");
}

CAF_TEST(times are told in seconds) {
  auto all = print(counts({{metric::bus_lag_microseconds, 1'500'000},
                           {metric::gap_milliseconds, 2500},
                           {metric::mailbox_read, 4},
                           {metric::mailbox_milliseconds, 1500}}));
  CAF_CHECK_EQUAL(all["waybill_bus_lag_seconds"], "1.5");
  CAF_CHECK_EQUAL(all["waybill_gap_seconds_total"], "2.5");
  CAF_CHECK_EQUAL(all["waybill_mailbox_age_seconds_count"], "4");
  CAF_CHECK_EQUAL(all["waybill_mailbox_age_seconds_sum"], "1.5");
}

CAF_TEST(the reasons of refusals add up to all of them) {
  auto others
    = [this](std::initializer_list<std::pair<metric, uint64_t>> values) {
        return print(counts(values))["waybill_refused_total{reason=\"other\"}"];
      };
  CAF_CHECK_EQUAL(others({{metric::refused_requests, 10}}), "10");
  CAF_CHECK_EQUAL(others({{metric::refused_requests, 10},
                          {metric::refused_tokens, 1},
                          {metric::refused_keys, 2},
                          {metric::refused_origins, 3}}),
                  "4");
}

CAF_TEST(a node is ready if it takes pushes and sessions) {
  auto is_ready = [this](bus_state state, bool takes_sessions) {
    return print({}, {state, takes_sessions, true})["waybill_ready"];
  };
  CAF_CHECK_EQUAL(is_ready(bus_state::ready, true), "1");
  CAF_CHECK_EQUAL(is_ready(bus_state::ready, false), "0");
  CAF_CHECK_EQUAL(is_ready(bus_state::away, true), "0");
  CAF_CHECK_EQUAL(is_ready(bus_state::away, false), "0");
}

CAF_TEST(what impairs the bus is told by the first word of it) {
  auto status = ready;
  auto all = print({}, status);
  CAF_CHECK_EQUAL(all["waybill_bus_impaired{reason=\"\"}"], "0");
  for (auto reason : {"OOM command not allowed", "OOM"}) {
    status.reason = reason;
    all = print({}, status);
    CAF_CHECK_EQUAL(all["waybill_bus_impaired{reason=\"OOM\"}"], "1");
  }
}

CAF_TEST(a node tells its name and version and limit) {
  context->max_sessions = 1000;
  auto all = print({});
  CAF_CHECK_EQUAL(all["waybill_build_info{node=\"node\",version=\"1.2.3\"}"],
                  "1");
  CAF_CHECK_EQUAL(all["waybill_max_sessions"], "1000");
  CAF_MESSAGE("whatever is in them");
  context->node_name = "a\"b\\c\nd";
  all = print({});
  CAF_CHECK_EQUAL(
    all["waybill_build_info{node=\"a\\\"b\\\\c\\nd\",version=\"1.2.3\"}"], "1");
}

CAF_TEST(a node tells what its process takes) {
  context->began
    = std::chrono::system_clock::time_point{std::chrono::milliseconds{1500}};
  auto all = print({});
  CAF_CHECK_EQUAL(all["process_start_time_seconds"], "1.5");
  for (auto name :
       {"process_resident_memory_bytes", "process_open_fds", "process_max_fds"})
    CAF_CHECK(!all[name].empty() && std::stod(all[name]) > 0);
  CAF_CHECK_EQUAL(all.count("process_cpu_seconds_total"), 1u);
}

CAF_TEST(an answer is counted by its status) {
  using http::status;
  for (auto x : {status::ok, status::ok, status::not_found,
                 status::insufficient_storage})
    count_answer(actors(), receipt_level::routed, x, 1ms);
  auto all = counted();
  CAF_CHECK_EQUAL(all["waybill_push_answers_total{status=\"200\"}"], "2");
  CAF_CHECK_EQUAL(all["waybill_push_answers_total{status=\"404\"}"], "1");
  CAF_CHECK_EQUAL(all["waybill_push_answers_total{status=\"507\"}"], "1");
  CAF_CHECK_EQUAL(all["waybill_push_answers_total{status=\"202\"}"], "0");
  CAF_MESSAGE("also with one that no push should be answered with");
  count_answer(actors(), receipt_level::routed, status::bad_gateway, 1ms);
  CAF_CHECK(counted()["waybill_push_answers_total{status=\"500\"}"] == "1");
}

CAF_TEST(only a push that came as far as was asked is timed) {
  using http::status;
  count_answer(actors(), receipt_level::routed, status::ok, 1ms);
  count_answer(actors(), receipt_level::written, status::gateway_timeout, 1ms);
  count_answer(actors(), receipt_level::received, status::accepted, 1ms);
  auto all = counted();
  for (auto level : {"written", "received"})
    CAF_CHECK_EQUAL(all[push_bucket(level, "+Inf")], "0");
  count_answer(actors(), receipt_level::written, status::ok, 250ms);
  count_answer(actors(), receipt_level::written, status::ok, 500ms);
  count_answer(actors(), receipt_level::received, status::ok, 1ms);
  all = counted();
  CAF_CHECK_EQUAL(all["waybill_push_seconds_count{level=\"written\"}"], "2");
  CAF_CHECK_EQUAL(all["waybill_push_seconds_sum{level=\"written\"}"], "0.75");
  CAF_CHECK_EQUAL(all["waybill_push_seconds_count{level=\"received\"}"], "1");
}

CAF_TEST(a time is in the bucket of its limit and all above it) {
  for (auto time : {0us, 1000us, 1001us, 2000us, 2001us})
    count_answer(actors(), receipt_level::written, http::status::ok, time);
  auto all = counted();
  CAF_CHECK_EQUAL(all[push_bucket("written", "0.001")], "2");
  CAF_CHECK_EQUAL(all[push_bucket("written", "0.002")], "4");
  CAF_CHECK_EQUAL(all[push_bucket("written", "0.005")], "5");
  CAF_CHECK_EQUAL(all[push_bucket("written", "5")], "5");
  CAF_CHECK_EQUAL(all[push_bucket("written", "+Inf")], "5");
}

CAF_TEST(a time past the last limit is in the endless bucket alone) {
  count_answer(actors(), receipt_level::received, http::status::ok, 5s);
  count_answer(actors(), receipt_level::received, http::status::ok, 5s + 1us);
  count_answer(actors(), receipt_level::received, http::status::ok, 1h);
  auto all = counted();
  CAF_CHECK_EQUAL(all[push_bucket("received", "2")], "0");
  CAF_CHECK_EQUAL(all[push_bucket("received", "5")], "1");
  CAF_CHECK_EQUAL(all[push_bucket("received", "+Inf")], "3");
  CAF_CHECK_EQUAL(all["waybill_push_seconds_count{level=\"received\"}"], "3");
}

CAF_TEST(the lag of a loop is timed) {
  actors().note(latency::lag, 0us);
  actors().note(latency::lag, 30ms);
  auto all = counted();
  CAF_CHECK_EQUAL(all["waybill_loop_lag_seconds_count"], "2");
  CAF_CHECK_EQUAL(all["waybill_loop_lag_seconds_sum"], "0.03");
  CAF_CHECK_EQUAL(all[bucket("waybill_loop_lag_seconds", "", "0.02")], "1");
  CAF_CHECK_EQUAL(all[bucket("waybill_loop_lag_seconds", "", "0.05")], "2");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace metrics_suite
