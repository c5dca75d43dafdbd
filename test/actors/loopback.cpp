#define CAF_SUITE loopback

#include "actors/loopback.hpp"

#include "test/fixture.hpp"

namespace loopback_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

const auto id456 = push_address::id("456");
const auto id457 = push_address::id("457");

push make_push(const std::string& id, std::chrono::milliseconds ttl = 0ms,
               const std::string& key = "") {
  push result{id, make_text(id)};
  result.ttl = ttl;
  result.key = key;
  return result;
}

struct loopback_fixture : test::fixture {
  loopback_fixture() : aut(spawn<waybill::loopback>("n1", 2)) {
    first = spawn_holder("1");
    second = spawn_holder("2");
    settle();
  }

  /// Spawns a mock registry.
  registry_actor spawn_holder(const std::string& name) {
    return spawn_mock<registry_actor>({
      [this, name](topics_atom, const push_address& address,
                   const kept_topics& topics) {
        for (auto& [topic, ttl] : topics)
          heard.push_back(name + ' ' + address.key() + " keeps " + topic.key()
                          + " for " + std::to_string(ttl.count()));
      },
      [this, name](deliver_atom, const addressed_messages& messages) {
        for (auto& [address, message] : messages)
          hear(name + ' ' + address.key(), message);
      },
    });
  }

  void hear(const std::string& way, const bus_message& message) {
    if (auto x = std::get_if<claim>(&message)) {
      last_claim = x->number;
    } else if (auto x = std::get_if<push>(&message)) {
      heard.push_back(way + ' ' + x->id);
      last = *x;
    } else if (auto x = std::get_if<kick>(&message)) {
      heard.push_back(way + " kick " + x->id);
    } else {
      heard.push_back(way + " query " + std::get<query>(message).id);
    }
  }

  /// Spawns a mock that waits for reports.
  report_receiver_actor spawn_waiting() {
    return spawn_mock<report_receiver_actor>({
      [this](const report& x) { reports.push_back(x); },
    });
  }

  /// Asks the bus for an answer of type `T`.
  template <class T, class... Ts>
  caf::expected<T> ask(const Ts&... question) {
    caf::expected<T> result{caf::sec::runtime_error};
    auto response = self->request(aut, caf::infinite, question...);
    settle();
    response.receive([&](const T& x) { result = x; },
                     [&](caf::error& e) { result = std::move(e); });
    return result;
  }

  template <class... Ts>
  void tell(const Ts&... message) {
    self->send(aut, message...);
    settle();
  }

  void attach(const push_address& address, const registry_actor& holder) {
    CAF_REQUIRE(ask<bool>(attach_atom_v, address, holder));
  }

  void detach(const push_address& address, const registry_actor& holder) {
    CAF_REQUIRE(ask<ok_atom>(detach_atom_v, address, holder));
  }

  caf::expected<outcome> publish(const push& push,
                                 const push_address& address = id456) {
    heard.clear();
    return ask<outcome>(publish_atom_v, address, push);
  }

  uint64_t presence(const push_address& address) {
    return unbox(ask<uint64_t>(presence_atom_v, address));
  }

  uint64_t owner() { return unbox(ask<uint64_t>(get_atom_v, id456)); }

  inbox_page read() {
    return unbox(ask<inbox_page>(read_atom_v, inbox_query{id456, "", "", 100}));
  }

  bus_actor aut;
  registry_actor first;
  registry_actor second;

  /// Which registry heard of which push to which address, and the last push.
  test::texts heard;
  push last;
  uint64_t last_claim = 0;
  std::vector<report> reports;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(loopback_tests, loopback_fixture)

CAF_TEST(is always ready) {
  auto ready = bus_status{bus_state::ready, true, true};
  CAF_CHECK_EQUAL(unbox(ask<bus_status>(state_atom_v)), ready);
  CAF_CHECK_EQUAL(unbox(ask<bus_status>(state_atom_v, id456)), ready);
  bus_status told;
  tell(subscribe_atom_v, spawn_mock<observer_actor>({
                           [&](const bus_status& x) { told = x; },
                         }));
  CAF_CHECK_EQUAL(told, ready);
}

CAF_TEST(a push reaches all who hold its address and says how many) {
  CAF_CHECK_EQUAL(unbox(publish(make_push("p"))).counts.nodes, 0u);
  attach(id456, first);
  attach(id456, second);
  attach(id457, second);
  auto found = unbox(publish(make_push("p")));
  CAF_CHECK_EQUAL(found.push, "p");
  CAF_CHECK_EQUAL(found.counts.nodes, 2u);
  CAF_CHECK(!found.kept);
  CAF_CHECK_EQUAL(heard, (test::texts{"1 id:456 p", "2 id:456 p"}));
  publish(make_push("p"), id457);
  CAF_CHECK_EQUAL(heard, test::texts{"2 id:457 p"});
  CAF_CHECK_EQUAL(presence(id456), 2u);
}

CAF_TEST(a kick and a query reach all who hold their address) {
  attach(id456, first);
  attach(id456, second);
  attach(id457, second);
  CAF_CHECK_EQUAL(
    unbox(ask<uint64_t>(publish_atom_v, id456, waybill::kick{"k"})), 2u);
  CAF_CHECK_EQUAL(
    unbox(ask<uint64_t>(publish_atom_v, id457,
                        query{query::kind::sessions, "", "q", "n1"})),
    1u);
  CAF_CHECK_EQUAL(heard, (test::texts{"1 id:456 kick k", "2 id:456 kick k",
                                      "2 id:457 query q"}));
}

CAF_TEST(a registry that gave an address back hears no more of it) {
  attach(id456, first);
  attach(id456, second);
  attach(id457, first);
  detach(id456, first);
  publish(make_push("p"));
  CAF_CHECK_EQUAL(heard, test::texts{"2 id:456 p"});
  CAF_CHECK_EQUAL(presence(id457), 1u);
  CAF_MESSAGE("what is given back twice is not there");
  detach(id456, first);
  CAF_CHECK_EQUAL(presence(id456), 1u);
  detach(id456, second);
  detach(id456, second);
  CAF_CHECK_EQUAL(presence(id456), 0u);
}

CAF_TEST(a push with a time to live is kept until it is confirmed) {
  attach(id456, first);
  auto found = unbox(publish(make_push("p", 10s)));
  CAF_CHECK(found.kept);
  CAF_CHECK_EQUAL(found.counts.nodes, 1u);
  auto page = read();
  CAF_REQUIRE_EQUAL(page.pushes.size(), 1u);
  CAF_MESSAGE("who hears it live can confirm it, too");
  CAF_CHECK(!last.entry.empty());
  CAF_CHECK_EQUAL(page.pushes[0].entry, last.entry);
  tell(confirm_atom_v, id456, last.entry);
  CAF_CHECK(read().pushes.empty());
  CAF_CHECK_EQUAL(figure(aut, metric::confirmed_pushes), 1u);
  CAF_MESSAGE("once");
  tell(confirm_atom_v, id456, last.entry);
  CAF_CHECK_EQUAL(figure(aut, metric::confirmed_pushes), 1u);
}

CAF_TEST(a push without a time to live has no entry) {
  attach(id456, first);
  publish(make_push("p"));
  CAF_CHECK_EQUAL(last.entry, "");
  CAF_CHECK(read().pushes.empty());
}

CAF_TEST(what is kept ends when its time is over) {
  publish(make_push("p", 10s));
  advance_time(9s);
  auto page = read();
  CAF_REQUIRE_EQUAL(page.pushes.size(), 1u);
  CAF_CHECK(page.pushes[0].ttl == 1s);
  advance_time(1s);
  CAF_CHECK(read().pushes.empty());
}

CAF_TEST(a push that finds its mailbox full is not sent) {
  attach(id456, first);
  publish(make_push("p1", 10s));
  publish(make_push("p2", 10s));
  auto found = publish(make_push("p3", 10s, "k"));
  CAF_CHECK(!found && found.error() == errc::inbox_full);
  CAF_CHECK(heard.empty());
  CAF_MESSAGE("a push that need not be kept is");
  CAF_CHECK(publish(make_push("p4")));
  CAF_CHECK_EQUAL(heard, test::texts{"1 id:456 p4"});
  CAF_MESSAGE("and the key is free");
  CAF_CHECK_EQUAL(unbox(publish(make_push("p5", 0ms, "k"))).push, "p5");
}

CAF_TEST(a repeat is answered as its first push and not sent) {
  attach(id456, first);
  publish(make_push("a", 0ms, "k"));
  auto again = make_push("a", 0ms, "k");
  again.id = "b";
  auto found = unbox(publish(again));
  CAF_CHECK_EQUAL(found.push, "a");
  CAF_CHECK_EQUAL(found.counts.nodes, 1u);
  CAF_CHECK(heard.empty());
  again.body = make_text("other");
  CAF_CHECK(publish(again).error() == errc::key_reused);
  CAF_CHECK(heard.empty());
  CAF_MESSAGE("for ten minutes");
  advance_time(600s);
  CAF_CHECK_EQUAL(unbox(publish(again)).push, "b");
}

CAF_TEST(a repeat of what is kept is not kept again) {
  publish(make_push("a", 10s, "k"));
  CAF_CHECK(unbox(publish(make_push("a", 10s, "k"))).kept);
  CAF_CHECK_EQUAL(read().pushes.size(), 1u);
}

CAF_TEST(a push that reached and left nothing leaves its key free) {
  CAF_CHECK_EQUAL(unbox(publish(make_push("a", 0ms, "k"))).counts.nodes, 0u);
  attach(id456, first);
  CAF_CHECK_EQUAL(unbox(publish(make_push("b", 0ms, "k"))).push, "b");
}

CAF_TEST(a key waits for the receipt of its first push) {
  attach(id456, first);
  auto push = make_push("a", 0ms, "k");
  push.want = receipt_level::written;
  push.reply_to = "n1";
  publish(push);
  CAF_CHECK(publish(push).error() == errc::in_flight);
  outcome settled{"a", receipt_level::written};
  settled.counts.sessions = settled.counts.written = 1;
  tell(record_atom_v, id456, std::string{"k"}, settled);
  CAF_CHECK_EQUAL(unbox(publish(push)).counts.written, 1u);
}

CAF_TEST(a newer claim is told to all who hold the id) {
  CAF_CHECK_EQUAL(owner(), 0u);
  attach(id456, first);
  auto one = unbox(ask<uint64_t>(claim_atom_v, id456));
  CAF_CHECK_EQUAL(owner(), one);
  auto two = unbox(ask<uint64_t>(claim_atom_v, id456));
  CAF_CHECK_LESS(one, two);
  CAF_CHECK_EQUAL(last_claim, two);
  CAF_MESSAGE("and ends with the last of them");
  detach(id456, first);
  CAF_CHECK_EQUAL(owner(), 0u);
  attach(id456, first);
  CAF_CHECK_LESS(two, unbox(ask<uint64_t>(claim_atom_v, id456)));
}

CAF_TEST(a claim stays while anybody holds the id) {
  attach(id456, first);
  attach(id456, second);
  auto claim = unbox(ask<uint64_t>(claim_atom_v, id456));
  detach(id456, first);
  CAF_CHECK_EQUAL(owner(), claim);
}

CAF_TEST(reports reach who waits for their push) {
  tell(await_atom_v, id456, std::string{"p"}, spawn_waiting());
  report other{"q", "n1"};
  tell(report_atom_v, id456, other);
  CAF_CHECK(reports.empty());
  report report{"p", "n1", session_list{2, {{"192.0.2.1"}, {"192.0.2.2"}}}};
  tell(report_atom_v, id456, report);
  CAF_REQUIRE_EQUAL(reports.size(), 1u);
  CAF_CHECK(reports[0].content == report.content);
  CAF_MESSAGE("and name this node");
  CAF_CHECK_EQUAL(reports[0].node, "n1");
  CAF_MESSAGE("until it waits no more");
  tell(forget_atom_v, id456, std::string{"p"});
  tell(report_atom_v, id456, report);
  CAF_CHECK_EQUAL(reports.size(), 1u);
}

CAF_TEST(a probe is settled at once) {
  tell(await_atom_v, id456, std::string{"p"}, spawn_waiting());
  CAF_CHECK_EQUAL(unbox(ask<uint64_t>(probe_atom_v, id456, std::string{"n1"},
                                      std::string{"p"})),
                  1u);
  CAF_REQUIRE_EQUAL(reports.size(), 1u);
  CAF_CHECK(std::holds_alternative<settled>(reports[0].content));
  CAF_CHECK_EQUAL(reports[0].node, "n1");
}

CAF_TEST(tells a holder of an id whether its mailbox was empty) {
  CAF_CHECK(ask<bool>(attach_atom_v, id456, first) == false);
  CAF_CHECK(publish(make_push("p", 10s)).engaged());
  CAF_CHECK(ask<bool>(attach_atom_v, id456, second) == true);
}

CAF_TEST(keeps the topics of an id for later registries) {
  query change{query::kind::subscribe, "news", "q"};
  change.ttl = 10s;
  CAF_CHECK(ask<uint64_t>(publish_atom_v, id456, change) == uint64_t{0});
  attach(id456, first);
  CAF_CHECK_EQUAL(heard, test::texts{"1 id:456 keeps topic:news for 10000"});
  heard.clear();
  change.type = query::kind::unsubscribe;
  CAF_CHECK(ask<uint64_t>(publish_atom_v, id456, change) == uint64_t{1});
  CAF_CHECK_EQUAL(heard, test::texts{"1 id:456 query q"});
  heard.clear();
  attach(id456, second);
  CAF_CHECK_EQUAL(heard, test::texts{});
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace loopback_suite
