#define CAF_SUITE span_processor

#include "actors/span_processor.hpp"

#include "test/fixture.hpp"

namespace span_processor_suite {

using namespace waybill;

namespace {

/// Requests to a collector of traces that the test answers.
struct collector_requests {
  std::vector<spans> all;
  span_exporter::handler handle;
};

class fake_exporter : public span_exporter {
public:
  explicit fake_exporter(collector_requests& requests) : requests_(requests) {
    // nop
  }

  void send(const spans& all, handler handle) override {
    CAF_REQUIRE(!requests_.handle);
    requests_.all.push_back(all);
    requests_.handle = std::move(handle);
  }

private:
  collector_requests& requests_;
};

struct span_processor_fixture : test::fixture {
  span_processor_fixture() {
    bus = spawn<test::fake_bus>();
    registry = spawn<waybill::registry>(bus, same_id::all);
    collector = spawn<waybill::collector>(bus, registry);
    aut = spawn<span_processor>(collector,
                                std::make_unique<fake_exporter>(requests));
    settle();
  }

  /// Adds spans of the pushes with these names.
  void add(const test::texts& pushes) {
    for (auto& name : pushes)
      anon_send(aut, span{.type = span::kind::push,
                          .context = {},
                          .parent = 0,
                          .began = 0,
                          .push = name});
    settle();
  }

  void wait(caf::timespan time = span_processor::interval) {
    advance_time(time);
    settle();
  }

  void answer(const export_result& result) {
    CAF_REQUIRE(requests.handle);
    std::exchange(requests.handle, nullptr)(result);
    settle();
  }

  /// Returns the names of the pushes of each request.
  std::vector<test::texts> exported() const {
    std::vector<test::texts> result;
    for (auto& request : requests.all)
      for (auto& names = result.emplace_back(); auto& span : request)
        names.push_back(span.push);
    return result;
  }

  /// Returns the numbers of spans that were exported and dropped.
  std::pair<uint64_t, uint64_t> counts() {
    return {figure(collector, metric::exported_spans),
            figure(collector, metric::dropped_spans)};
  }

  /// Drains the processor, and calls `act` before its answer.
  template <class Act>
  void drain(Act act) {
    auto response = self->request(aut, caf::infinite, drain_atom_v);
    settle();
    act();
    response.receive([](ok_atom) {},
                     [&](caf::error& x) { CAF_FAIL(sys.render(x)); });
  }

  collector_requests requests;
  bus_actor bus;
  registry_actor registry;
  collector_actor collector;
  span_processor_actor aut;
};

using test::texts;
using all_texts = std::vector<texts>;
using numbers = std::pair<uint64_t, uint64_t>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(span_processor_tests, span_processor_fixture)

CAF_TEST(spans of a second are one request) {
  add({"a", "b"});
  CAF_CHECK_EQUAL(exported(), all_texts{});
  wait();
  CAF_CHECK_EQUAL(exported(), (all_texts{{"a", "b"}}));
  CAF_MESSAGE("the next ones wait for the answer");
  add({"c"});
  wait();
  CAF_CHECK_EQUAL(exported(), (all_texts{{"a", "b"}}));
  answer({});
  wait();
  CAF_CHECK_EQUAL(exported(), (all_texts{{"a", "b"}, {"c"}}));
  answer({});
  CAF_CHECK_EQUAL(counts(), (numbers{3, 0}));
}

CAF_TEST(a collector that is away gets the same spans later) {
  add({"a"});
  wait();
  auto time = span_processor::interval;
  for (size_t requests = 1; requests < 8; ++requests) {
    answer({.is_away = true});
    add({"b"});
    CAF_CHECK_EQUAL(exported().size(), requests);
    wait(time - std::chrono::milliseconds{1});
    CAF_CHECK_EQUAL(exported().size(), requests);
    wait(std::chrono::milliseconds{1});
    CAF_CHECK_EQUAL(exported().size(), requests + 1);
    time = std::min(2 * time, span_processor::max_interval);
  }
  CAF_CHECK_EQUAL(exported().back().size(), 8u);
  answer({});
  CAF_CHECK_EQUAL(counts(), (numbers{8, 0}));
}

CAF_TEST(spans that do not fit are counted) {
  for (size_t i = 0; i < span_processor::max_queue + 3; ++i)
    add({std::to_string(i)});
  CAF_CHECK_EQUAL(counts(), (numbers{0, 3}));
  wait();
  while (requests.handle)
    answer({});
  CAF_CHECK_EQUAL(counts(), (numbers{span_processor::max_queue, 3}));
  CAF_CHECK_EQUAL(exported().size(),
                  span_processor::max_queue / span_processor::max_batch);
}

CAF_TEST(spans that a collector rejects are counted) {
  add({"a", "b", "c"});
  wait();
  answer({.rejected = 2});
  CAF_CHECK_EQUAL(counts(), (numbers{1, 2}));
  CAF_CHECK(!requests.handle);
}

CAF_TEST(a node that stops waits for its spans) {
  add({"a"});
  drain([&] {
    CAF_CHECK_EQUAL(exported(), (all_texts{{"a"}}));
    answer({});
  });
}

CAF_TEST(a node that stops does not wait for a collector that is away) {
  add({"a"});
  drain([&] { answer({.is_away = true}); });
}

CAF_TEST(a node that stops does not wait long for an answer) {
  add({"a"});
  drain([&] { wait(span_processor::drain_time); });
}

CAF_TEST(a node without spans stops at once) {
  drain([] {});
  CAF_CHECK_EQUAL(exported(), all_texts{});
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace span_processor_suite
