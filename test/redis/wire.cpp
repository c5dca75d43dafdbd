// This release decodes the bytes of every release: see test/wire/README.md.

#define CAF_SUITE wire

#include <filesystem>
#include <fstream>
#include <iterator>

#include <caf/test/dsl.hpp>

#include "redis/beat.hpp"
#include "redis/node_message.hpp"

namespace wire_suite {

using namespace waybill;
using namespace waybill::redis;

namespace {

using std::filesystem::path;

std::string read_file(const path& name) {
  std::ifstream in{name, std::ios::binary};
  if (!in)
    CAF_FAIL("cannot read " + name.string());
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// Decodes a message from the file of a release, which is a `T`.
template <class T>
T read(const path& release, const char* name) {
  CAF_MESSAGE(release.filename().string() + ": " + name);
  auto message = unbox(decode(read_file(release / name)));
  CAF_REQUIRE(std::holds_alternative<T>(message));
  return std::get<T>(std::move(message));
}

/// Decodes the only report in a file of a release, whose content is a `T`.
template <class T>
T read_report(const path& release, const char* name) {
  CAF_MESSAGE(release.filename().string() + ": " + name);
  auto told = unbox(decode_node_message(read_file(release / name)));
  CAF_CHECK_EQUAL(told.node, "node1");
  CAF_REQUIRE_EQUAL(told.reports.size(), 1u);
  auto& report = told.reports[0];
  CAF_CHECK_EQUAL(report.node, "node1");
  CAF_CHECK(report.push.starts_with("node2-"));
  CAF_REQUIRE(std::holds_alternative<T>(report.content));
  return std::get<T>(std::move(report.content));
}

template <class Test>
void for_each_release(Test test) {
  size_t count = 0;
  for (auto& entry : std::filesystem::directory_iterator{WAYBILL_WIRE})
    if (entry.is_directory()) {
      test(entry.path());
      ++count;
    }
  CAF_CHECK_GREATER_OR_EQUAL(count, 2u);
}

} // namespace

CAF_TEST(pushes of each release are read) {
  for_each_release([](const path& release) {
    auto text = read<push>(release, "text");
    CAF_CHECK(text.id.starts_with("node2-"));
    CAF_CHECK_EQUAL(text.body, make_text("text"));
    CAF_CHECK_EQUAL(text.reply_to, "");
    auto data = read<push>(release, "data");
    CAF_CHECK_EQUAL(data.body, (payload{payload::format::binary, "data"}));
    auto kept = read<push>(release, "kept");
    CAF_CHECK_EQUAL(kept.body, make_text("keyed"));
    CAF_CHECK_EQUAL(kept.reply_to, "node2");
    CAF_CHECK(kept.want == receipt_level::received);
    CAF_CHECK(kept.ttl == longest_ttl);
    CAF_CHECK_NOT_EQUAL(kept.entry.find('-'), std::string::npos);
  });
}

CAF_TEST(kicks and claims and queries of each release are read) {
  for_each_release([](const path& release) {
    auto kicked = read<kick>(release, "kick");
    CAF_CHECK(kicked.id.starts_with("node2-"));
    auto claimed = read<claim>(release, "claim");
    CAF_MESSAGE("a claim is its time in microseconds");
    CAF_CHECK_GREATER(claimed.number, 1'700'000'000'000'000u);
    for (auto [name, type] : {std::pair{"inspect", query::kind::sessions},
                              std::pair{"trace", query::kind::trace},
                              std::pair{"figures", query::kind::metrics}}) {
      auto question = read<query>(release, name);
      CAF_CHECK(question.type == type);
      CAF_CHECK_EQUAL(question.reply_to, "node2");
      CAF_CHECK(question.id.starts_with("node2-"));
      CAF_CHECK_EQUAL(question.subject,
                      type == query::kind::trace ? "456" : "");
    }
  });
}

CAF_TEST(limits of pushes and changes of topics are read) {
  for_each_release([](const path& release) {
    // 0.1.0 was recorded before there were any.
    if (!exists(release / "value"))
      return;
    auto value = read<push>(release, "value");
    CAF_CHECK(value.retain == std::chrono::minutes{10});
    CAF_CHECK(value.fresh == std::chrono::hours{1});
    auto replacing = read<push>(release, "replacing");
    CAF_CHECK_EQUAL(replacing.collapse, "name");
    CAF_CHECK(replacing.ttl == longest_ttl);
    for (auto [name, type] : {std::pair{"subscribe", query::kind::subscribe},
                              {"unsubscribe", query::kind::unsubscribe},
                              {"members", query::kind::members},
                              {"forget", query::kind::forget}}) {
      auto question = read<query>(release, name);
      CAF_CHECK(question.type == type);
      CAF_CHECK_EQUAL(question.reply_to, "node2");
      CAF_CHECK_EQUAL(question.subject,
                      name[0] == 's' || name[0] == 'u' ? "news" : "");
    }
  });
}

CAF_TEST(messages between nodes of each release are read) {
  for_each_release([](const path& release) {
    auto counts = read_report<delivery_counts>(release, "receipt");
    CAF_CHECK_EQUAL(counts.received, 1u);
    auto sessions = read_report<session_list>(release, "details").sessions;
    CAF_REQUIRE_EQUAL(sessions.size(), 1u);
    CAF_CHECK(sessions[0].peer.starts_with("127.0.0.1:"));
    auto events = read_report<trace_events>(release, "hops");
    CAF_REQUIRE(!events.empty());
    CAF_CHECK(events[0].type == trace_event::kind::joined);
    CAF_CHECK_GREATER(events[0].at, 1'700'000'000'000'000);
    CAF_CHECK_EQUAL(events[0].peer.substr(0, 9), "127.0.0.1");
    CAF_CHECK(
      std::any_of(events.begin(), events.end(), [](const trace_event& event) {
        return event.type == trace_event::kind::delivered && event.count == 1
               && event.push.starts_with("node2-");
      }));
    auto figures = read_report<node_metrics>(release, "counters");
    CAF_CHECK_EQUAL(figures.values["joins"], 1u);
    CAF_MESSAGE("all but the future release name their own version");
    CAF_CHECK(release.filename() == figures.version
              || release.filename() == "newer");
    read_report<settled>(release, "settled");
    auto probe = unbox(decode_node_message(read_file(release / "probe")));
    CAF_CHECK_EQUAL(probe.node, "node2");
    CAF_CHECK(probe.probe.starts_with("node2-"));
    auto beat = decode_beat(read_file(release / "beat"));
    CAF_REQUIRE(beat);
    CAF_CHECK_EQUAL(beat->node, "node1");
    CAF_CHECK_GREATER(beat->client, 0u);
    CAF_CHECK(!beat->leaving);
  });
}

CAF_TEST(outcomes of each release are read) {
  for_each_release([](const path& release) {
    auto became = unbox(decode_outcome(read_file(release / "outcome")));
    CAF_CHECK(became.push.starts_with("node2-"));
    CAF_CHECK(became.want == receipt_level::received && became.kept);
    CAF_CHECK(became.counts == (delivery_counts{1, 1, 1, 1}));
    CAF_CHECK_EQUAL(became.unknown, 0u);
  });
}

} // namespace wire_suite
