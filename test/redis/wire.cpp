// This release decodes the bytes of every release: see test/wire/README.md.

#define CAF_SUITE wire

#include <filesystem>
#include <fstream>
#include <iterator>

#include <caf/test/dsl.hpp>

#include "redis/beat.hpp"
#include "redis/codec.hpp"

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

/// Decodes a push from the file of a release.
push read_push(const path& release, const char* name) {
  CAF_MESSAGE(release.filename().string() + ": " + name);
  return unbox(decode(read_file(release / name)));
}

/// Decodes the only report in a file of a release.
report read_report(const path& release, const char* name,
                   const std::string& node) {
  CAF_MESSAGE(release.filename().string() + ": " + name);
  auto told = unbox(decode_node_message(read_file(release / name)));
  CAF_CHECK_EQUAL(told.node, node);
  CAF_REQUIRE_EQUAL(told.reports.size(), 1u);
  return std::move(told.reports[0]);
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
    auto text = read_push(release, "text");
    CAF_CHECK(text.id.starts_with("node2-"));
    CAF_CHECK(text.type == push::kind::message);
    CAF_CHECK_EQUAL(text.body, make_text("text"));
    CAF_CHECK_EQUAL(text.reply_to, "");
    auto data = read_push(release, "data");
    CAF_CHECK_EQUAL(data.body, (payload{payload::format::binary, "data"}));
    auto kept = read_push(release, "kept");
    CAF_CHECK_EQUAL(kept.body, make_text("keyed"));
    CAF_CHECK_EQUAL(kept.reply_to, "node2");
    CAF_CHECK(kept.want == receipt_level::received);
    CAF_CHECK(kept.ttl == longest_ttl);
    CAF_CHECK_NOT_EQUAL(kept.entry.find('-'), std::string::npos);
  });
}

CAF_TEST(pushes for a type of each release are read) {
  for_each_release([](const path& release) {
    auto kick = read_push(release, "kick");
    CAF_CHECK(kick.type == push::kind::kick);
    auto claim = read_push(release, "claim");
    CAF_CHECK(claim.type == push::kind::claim);
    CAF_MESSAGE("a claim is its time in microseconds");
    CAF_CHECK_GREATER(claim.claim, 1'700'000'000'000'000u);
    for (auto [name, type] : {std::pair{"inspect", push::kind::inspect},
                              std::pair{"trace", push::kind::trace},
                              std::pair{"figures", push::kind::metrics}}) {
      auto question = read_push(release, name);
      CAF_CHECK(question.type == type);
      CAF_CHECK_EQUAL(question.reply_to, "node2");
      CAF_CHECK(question.id.starts_with("node2-"));
      if (type == push::kind::trace)
        CAF_CHECK_EQUAL(question.body, make_text("456"));
    }
  });
}

CAF_TEST(messages between nodes of each release are read) {
  for_each_release([](const path& release) {
    auto receipt = read_report(release, "receipt", "node1");
    CAF_CHECK(receipt.push.starts_with("node2-"));
    CAF_CHECK_EQUAL(receipt.counts.received, 1u);
    auto details = read_report(release, "details", "node1").details;
    CAF_REQUIRE_EQUAL(details.size(), 1u);
    CAF_CHECK(details[0].peer.starts_with("127.0.0.1:"));
    CAF_CHECK_EQUAL(details[0].node, "node1");
    auto events = read_report(release, "hops", "node1").trace;
    CAF_REQUIRE(!events.empty());
    CAF_CHECK(events[0].type == trace_event::kind::joined);
    CAF_CHECK_GREATER(events[0].at, 1'700'000'000'000'000);
    CAF_CHECK_EQUAL(events[0].peer.substr(0, 9), "127.0.0.1");
    CAF_CHECK(
      std::any_of(events.begin(), events.end(), [](const trace_event& event) {
        return event.type == trace_event::kind::delivered && event.count == 1
               && event.push.starts_with("node2-");
      }));
    auto figures = read_report(release, "counters", "node1").metrics;
    CAF_CHECK_EQUAL(figures.values["joins"], 1u);
    CAF_MESSAGE("all but the future release name their own version");
    CAF_CHECK(release.filename() == figures.version
              || release.filename() == "newer");
    CAF_CHECK(read_report(release, "settled", "node1").settled);
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
