#define CAF_SUITE registry

#include "test/actors/registry_fixture.hpp"

namespace registry_suite {

using namespace waybill;
using test::id456;
using test::registry_fixture;

CAF_TEST_FIXTURE_SCOPE(registry_tests, registry_fixture)

CAF_TEST(holds an address from its first session to its last) {
  auto first = join(id456);
  auto second = join(id456);
  CAF_CHECK_EQUAL(bus_state_of().seen, test::texts{"attach id:456"});
  end(first);
  CAF_CHECK_EQUAL(bus_state_of().seen, test::texts{"attach id:456"});
  end(second);
  CAF_CHECK_EQUAL(bus_state_of().seen,
                  (test::texts{"attach id:456", "detach id:456"}));
  CAF_CHECK_EQUAL(count(metric::addresses), 0u);
  CAF_CHECK_EQUAL(count(metric::sessions), 0u);
}

CAF_TEST(greets a session when its address is attached) {
  auto first = join(id456);
  CAF_CHECK_EQUAL(seen(first), test::texts{});
  attached();
  CAF_CHECK_EQUAL(seen(first), test::texts{"greet"});
  CAF_MESSAGE("the next session of the address need not wait");
  auto second = join(id456);
  CAF_CHECK_EQUAL(seen(second), test::texts{"greet"});
}

CAF_TEST(tells the first sessions of an id whether its mailbox was empty) {
  auto first = join({id456, push_address::topic("news")});
  attached(false);
  auto later = join({id456, push_address::topic("news")});
  attached();
  CAF_CHECK_EQUAL(seen(first), test::texts{"greet without mail"});
  CAF_CHECK_EQUAL(seen(later), test::texts{"greet"});
  CAF_MESSAGE("anew after each outage");
  lose({id456});
  bus_is(bus_state::ready);
  attached(true);
  CAF_CHECK_EQUAL(seen(first),
                  (test::texts{"greet without mail", "hold", "greet"}));
}

CAF_TEST(greets a session when all of its addresses are attached) {
  auto session = join({id456, push_address::topic("news")});
  attached();
  CAF_CHECK_EQUAL(seen(session), test::texts{});
  attached();
  CAF_CHECK_EQUAL(seen(session), test::texts{"greet"});
}

CAF_TEST(holds sessions of a lost address until it is attached again) {
  auto first = join(id456);
  attached();
  auto other = join(push_address::id("457"));
  attached();
  lose({id456});
  CAF_CHECK_EQUAL(seen(first), (test::texts{"greet", "hold"}));
  CAF_CHECK_EQUAL(seen(other), test::texts{"greet"});
  CAF_MESSAGE("a session that joins meanwhile is greeted later, too");
  auto second = join(id456);
  bus_is(bus_state::ready);
  CAF_CHECK_EQUAL(seen(second), test::texts{});
  attached();
  CAF_CHECK_EQUAL(seen(first), (test::texts{"greet", "hold", "greet"}));
  CAF_CHECK_EQUAL(seen(second), test::texts{"greet"});
}

CAF_TEST(attaches again what could not be attached) {
  auto session = join(id456);
  refused();
  bus_is(bus_state::away);
  CAF_CHECK_EQUAL(bus_state_of().attaching.size(), 0u);
  bus_is(bus_state::ready);
  attached();
  CAF_CHECK_EQUAL(seen(session), test::texts{"greet"});
}

CAF_TEST(greets a session whose topic cannot be attached) {
  auto session = join({id456, push_address::topic("news")});
  attached();
  refused();
  CAF_CHECK_EQUAL(seen(session), test::texts{"greet"});
  lose({push_address::topic("news")});
  CAF_CHECK_EQUAL(seen(session), test::texts{"greet"});
}

CAF_TEST(ignores the response to an outdated attachment) {
  end(join(id456));
  auto second = join(id456);
  CAF_CHECK_EQUAL(
    bus_state_of().seen,
    (test::texts{"attach id:456", "detach id:456", "attach id:456"}));
  attached();
  CAF_CHECK_EQUAL(seen(second), test::texts{});
  attached();
  CAF_CHECK_EQUAL(seen(second), test::texts{"greet"});
}

CAF_TEST(delivers a push to all sessions of its address and to no other) {
  auto first = join(id456);
  auto second = join(id456);
  auto other = join(push_address::id("457"));
  attach_all();
  push(id456, "a");
  push(id456, "b");
  for (auto& session : {first, second})
    CAF_CHECK_EQUAL(seen(session),
                    (test::texts{"greet", "deliver a", "deliver b"}));
  CAF_CHECK_EQUAL(seen(other), test::texts{"greet"});
  CAF_CHECK_EQUAL(count(metric::deliveries), 4u);
}

CAF_TEST(an id that is joined again gets nothing from before) {
  end(join(id456));
  auto session = join(id456);
  push(id456, "a");
  attach_all();
  push(id456, "b");
  CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "deliver b"}));
}

CAF_TEST(delivers whole pushes to sessions that need their names) {
  using enum transport_kind;
  auto plain = join({id456});
  auto named = join({id456}, "192.0.2.1", named_websocket);
  auto stream = join({id456}, "192.0.2.1", named_events);
  attach_all();
  push(id456, "a");
  CAF_CHECK_EQUAL(seen(plain), (test::texts{"greet", "deliver a"}));
  for (auto& session : {named, stream})
    CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "deliver id:456 a"}));
  CAF_CHECK_EQUAL(count(metric::event_sessions), 1u);
}

CAF_TEST(removes a session that is down) {
  auto first = join(id456);
  auto second = join(id456);
  attach_all();
  end(first);
  push(id456, "a");
  CAF_CHECK_EQUAL(seen(second), (test::texts{"greet", "deliver a"}));
  CAF_CHECK_EQUAL(count(metric::sessions), 1u);
}

CAF_TEST(the late end of a replaced session changes nothing) {
  start(same_id::newest_per_node);
  auto older = join(id456);
  auto newer = join(id456);
  CAF_CHECK_EQUAL(seen(older), test::texts{"close 4501"});
  attach_all();
  push(id456, "a");
  CAF_CHECK_EQUAL(seen(older), test::texts{"close 4501"});
  CAF_CHECK_EQUAL(seen(newer), (test::texts{"greet", "deliver a"}));
  end(older);
  push(id456, "b");
  CAF_CHECK_EQUAL(seen(newer),
                  (test::texts{"greet", "deliver a", "deliver b"}));
  CAF_CHECK_EQUAL(bus_state_of().seen, test::texts{"attach id:456"});
  CAF_MESSAGE("its own end detaches the address");
  end(newer);
  CAF_CHECK_EQUAL(bus_state_of().seen,
                  (test::texts{"attach id:456", "detach id:456"}));
}

CAF_TEST(a replaced session that outlives its successor detaches nothing) {
  start(same_id::newest_per_node);
  auto older = join(id456);
  end(join(id456));
  auto newest = join(id456);
  end(older);
  attach_all();
  push(id456, "a");
  CAF_CHECK_EQUAL(seen(newest), (test::texts{"greet", "deliver a"}));
  CAF_CHECK_EQUAL(
    bus_state_of().seen,
    (test::texts{"attach id:456", "detach id:456", "attach id:456"}));
}

CAF_TEST(the newest claim to an id wins) {
  start(same_id::newest);
  auto first = join(id456);
  attached();
  CAF_CHECK_EQUAL(seen(first), test::texts{});
  claimed(5);
  CAF_CHECK_EQUAL(seen(first), test::texts{"greet"});
  CAF_MESSAGE("its own claim arrives, too, and so do older ones");
  deliver_claim(5);
  deliver_claim(4);
  CAF_CHECK_EQUAL(seen(first), test::texts{"greet"});
  deliver_claim(6);
  CAF_CHECK_EQUAL(seen(first), (test::texts{"greet", "close 4501"}));
  CAF_CHECK_EQUAL(count(metric::replaced_sessions), 1u);
}

CAF_TEST(a newer claim may arrive before the number of an older one) {
  start(same_id::newest);
  auto session = join(id456);
  attached();
  deliver_claim(6);
  CAF_CHECK_EQUAL(seen(session), test::texts{});
  claimed(5);
  CAF_CHECK_EQUAL(seen(session), test::texts{"close 4501"});
}

CAF_TEST(a session checks that it owns its id after an outage) {
  start(same_id::newest);
  auto session = join(id456);
  attached();
  claimed(5);
  lose({id456});
  bus_is(bus_state::ready);
  attached();
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "owner id:456");
  CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "hold"}));
  claimed(0);
  CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "hold", "greet"}));
  lose({id456});
  bus_is(bus_state::ready);
  attached();
  claimed(6);
  CAF_CHECK_EQUAL(seen(session).back(), "close 4501");
}

CAF_TEST(a session from before an outage is older than any new claim) {
  start(same_id::newest);
  auto session = join(id456);
  attached();
  claimed(5);
  lose({id456});
  CAF_MESSAGE("even if the bus has lost the numbers");
  deliver_claim(1);
  CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "hold", "close 4501"}));
}

CAF_TEST(closes the sessions that are kicked) {
  auto first = join(id456);
  auto second = join(id456);
  auto other = join(push_address::id("457"));
  kick();
  CAF_CHECK_EQUAL(seen(first), test::texts{"close 4500"});
  CAF_CHECK_EQUAL(seen(second), test::texts{"close 4500"});
  CAF_CHECK_EQUAL(seen(other), test::texts{});
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "detach id:456");
}

CAF_TEST(reports the number of sessions that a push goes to) {
  join(id456);
  auto session = join(id456);
  attach_all();
  waybill::push push{"p", make_text("a")};
  push.want = receipt_level::written;
  push.reply_to = "n2";
  deliver(aut, id456, push);
  deliver(aut, push_address::id("457"), push);
  CAF_CHECK_EQUAL(seen(session), (test::texts{"greet", "deliver id:456 a"}));
  auto& reports = bus_state_of().reports;
  CAF_REQUIRE_EQUAL(reports.size(), 2u);
  CAF_CHECK_EQUAL(reports[0].to, "n2");
  for (uint64_t i : {0, 1}) {
    auto counts = std::get<delivery_counts>(reports[i].content);
    CAF_CHECK(counts == (delivery_counts{1, i == 0 ? 2u : 0u}));
  }
}

CAF_TEST(knows the number of sessions of an address) {
  auto sessions_at = [this](const push_address& address) {
    uint64_t result = 0;
    auto response = self->request(aut, caf::infinite, presence_atom_v, address);
    settle();
    response.receive([&](uint64_t x) { result = x; },
                     [&](caf::error& e) { CAF_FAIL(sys.render(e)); });
    return result;
  };
  CAF_CHECK_EQUAL(sessions_at(id456), 0u);
  join(id456);
  join(id456);
  CAF_CHECK_EQUAL(sessions_at(id456), 2u);
  CAF_CHECK_EQUAL(sessions_at(push_address::id("789")), 0u);
}

CAF_TEST(answers a query for the largest of all) {
  auto topic = push_address::topic("news");
  auto one = join({id456, topic});
  join({id456});
  join({push_address::id("457"), topic});
  load(one, 300);
  auto found = ask<ranking>(push_address::nodes(), query::kind::ranking);
  CAF_CHECK(found.ids
            == (std::vector<ranking::address>{{"456", 2}, {"457", 1}}));
  CAF_CHECK(found.topics == (std::vector<ranking::address>{{"news", 2}}));
  CAF_CHECK(found.queues
            == (std::vector<ranking::queue>{{"456", "192.0.2.1", 300}}));
}

CAF_TEST(answers a query for sessions with all of them at once) {
  auto first = join(id456);
  auto second = join({id456, push_address::topic("news")});
  join(push_address::id("457"));
  deref<test::fake_session>(first).info = {"192.0.2.1:1", 3, 4};
  deref<test::fake_session>(second).info = {"192.0.2.2:1", 5, 6};
  auto found = ask<session_list>(id456, query::kind::sessions);
  CAF_CHECK(found.total == 2u);
  CAF_REQUIRE_EQUAL(found.sessions.size(), 2u);
  if (found.sessions[0].age == 5)
    std::swap(found.sessions[0], found.sessions[1]);
  CAF_CHECK(found.sessions[0] == (session_info{"192.0.2.1:1", 3, 4}));
  CAF_CHECK(found.sessions[1]
            == (session_info{"192.0.2.2:1", 5, 6, "", "", {"news"}}));
  CAF_MESSAGE("or says that there is none");
  found = ask<session_list>(push_address::id("458"), query::kind::sessions);
  CAF_CHECK(found.total == 0u);
  CAF_CHECK(found.sessions.empty());
}

CAF_TEST(does not wait for the details of a session that has ended) {
  auto first = join(id456);
  auto second = join(id456);
  self->send_exit(first, caf::exit_reason::kill);
  auto found = ask<session_list>(id456, query::kind::sessions);
  CAF_CHECK(found.total == 1u);
  CAF_CHECK_EQUAL(found.sessions.size(), 1u);
}

CAF_TEST(counts event streams) {
  auto stream = join({id456}, "192.0.2.1", transport_kind::events);
  auto socket = join({id456});
  CAF_CHECK_EQUAL(count(metric::sessions), 2u);
  CAF_CHECK_EQUAL(count(metric::event_sessions), 1u);
  end(socket);
  end(stream);
  CAF_CHECK_EQUAL(count(metric::event_sessions), 0u);
  CAF_CHECK_EQUAL(count(metric::joins), 2u);
  CAF_CHECK_EQUAL(count(metric::event_joins), 1u);
  auto events
    = ask<trace_events>(push_address::nodes(), query::kind::trace, "456");
  CAF_REQUIRE(!events.empty());
  CAF_CHECK_EQUAL(events[0].text, "events");
}

CAF_TEST(passes confirmations to the bus and the only stream of the id) {
  auto stream_of = [this](const push_address& id) {
    return join({id}, "192.0.2.1", transport_kind::events);
  };
  auto confirm = [this](const std::string& entry) {
    self->send(aut, confirm_atom_v, id456, entry);
    settle();
    CAF_CHECK_EQUAL(bus_state_of().seen.back(), "confirm id:456 " + entry);
  };
  auto socket = join({id456});
  auto stream = stream_of(id456);
  auto other = stream_of(push_address::id("457"));
  confirm("1-0");
  CAF_CHECK_EQUAL(seen(stream), test::texts{"confirm 1-0"});
  CAF_CHECK(seen(socket).empty());
  CAF_CHECK(seen(other).empty());
  CAF_MESSAGE("it is not known which of two has read it");
  auto second = stream_of(id456);
  confirm("2-0");
  CAF_CHECK_EQUAL(seen(stream), test::texts{"confirm 1-0"});
  CAF_CHECK(seen(second).empty());
}

CAF_TEST(answers a query for a trace) {
  join(id456);
  auto events
    = ask<trace_events>(push_address::nodes(), query::kind::trace, "456");
  CAF_REQUIRE_EQUAL(events.size(), 1u);
  CAF_CHECK(events[0].type == trace_event::kind::joined);
  events = ask<trace_events>(push_address::nodes(), query::kind::trace, "457");
  CAF_CHECK(events.empty());
}

CAF_TEST(traces deliveries to an id) {
  auto deliveries = [this] {
    auto result
      = ask<trace_events>(push_address::nodes(), query::kind::trace, "456");
    std::erase_if(result, [](const trace_event& x) {
      return x.type != trace_event::kind::delivered;
    });
    return result;
  };
  CAF_MESSAGE("a push of the open channel reaches nodes without the id, too");
  push(id456, "a", "");
  push(push_address::topic("456"), "a");
  CAF_CHECK(deliveries().empty());
  CAF_MESSAGE("but this node did hold the id when one with a name was sent");
  push(id456, "a", "p");
  auto events = deliveries();
  CAF_REQUIRE_EQUAL(events.size(), 1u);
  CAF_CHECK_EQUAL(events[0].push, "p");
  CAF_CHECK_EQUAL(events[0].count, 0u);
  join(id456);
  join(id456);
  attach_all();
  push(id456, "a", "");
  events = deliveries();
  CAF_REQUIRE_EQUAL(events.size(), 2u);
  CAF_CHECK_EQUAL(events[1].push, "");
  CAF_CHECK_EQUAL(events[1].count, 2u);
  CAF_CHECK_GREATER(events[1].delivery, events[0].delivery);
}

CAF_TEST(asks all gateways for their part of a trace) {
  auto event = [](int64_t at) {
    return trace_event{"", trace_event::kind::taken, at};
  };
  for (int64_t at : {3, 1, 2})
    self->send(
      aut, attach_atom_v,
      spawn_mock<gateway_actor>({[=](trace_atom, const std::string& id) {
        auto result = event(at);
        result.id = id;
        return trace_events{result};
      }}));
  settle();
  auto events
    = ask<trace_events>(push_address::nodes(), query::kind::trace, "456");
  CAF_REQUIRE_EQUAL(events.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    CAF_CHECK_EQUAL(events[i].at, int64_t(i + 1));
    CAF_CHECK_EQUAL(events[i].id, "456");
  }
}

CAF_TEST(leaves a query for metrics to the collector) {
  self->send(aut, attach_atom_v, spawn<collector>(bus, aut, "1.2.3"));
  join(id456);
  auto answer = ask<node_metrics>(push_address::nodes(), query::kind::metrics);
  CAF_CHECK_EQUAL(answer.version, "1.2.3");
  CAF_CHECK_EQUAL(answer.values.at("sessions"), 1u);
}

CAF_TEST(detaches a topic after its last session) {
  auto news = push_address::topic("news");
  auto first = join({id456, news});
  auto second = join({push_address::id("457"), news});
  attach_all();
  push(news, "a");
  CAF_CHECK_EQUAL(seen(first), (test::texts{"greet", "deliver a"}));
  CAF_CHECK_EQUAL(seen(second), (test::texts{"greet", "deliver a"}));
  end(first);
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "detach id:456");
  end(second);
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "detach topic:news");
}

CAF_TEST(detaches addresses that only the closed session has while it drains) {
  auto all = push_address::everyone();
  std::vector<session_actor> sessions;
  for (int i = 0; i < 8; ++i)
    sessions.push_back(join({push_address::id(std::to_string(i)), all}));
  bus_state_of().seen.clear();
  self->send(aut, drain_atom_v, caf::timespan{std::chrono::milliseconds{50}});
  settle();
  auto detached_all = [&] {
    auto& told = bus_state_of().seen;
    return std::count(told.begin(), told.end(), "detach all");
  };
  CAF_CHECK_EQUAL(bus_state_of().seen.size(), 5u);
  CAF_CHECK_EQUAL(detached_all(), 0);
  detached();
  advance_time(std::chrono::milliseconds{50});
  settle();
  CAF_CHECK_EQUAL(bus_state_of().seen.size(), 9u);
  CAF_CHECK_EQUAL(detached_all(), 1);
  detached();
  for (auto& session : sessions)
    CAF_CHECK_EQUAL(seen(session), test::texts{"close 1001"});
}

CAF_TEST(enforces its session limits) {
  node_limits limits;
  limits.sessions = {3, 2, 0};
  start(same_id::all, limits);
  CAF_CHECK(admit("456") && admit("456"));
  CAF_MESSAGE("slots count as well as sessions");
  CAF_CHECK_EQUAL(refusal("456"), errc::id_full);
  join(id456);
  leave("456");
  CAF_CHECK_EQUAL(refusal("456"), errc::id_full);
  CAF_CHECK(admit("457"));
  CAF_CHECK_EQUAL(refusal("458"), errc::node_full);
  CAF_MESSAGE("and a client that fails to join releases its slot");
  leave("457");
  CAF_CHECK(admit("458"));
  CAF_CHECK_EQUAL(count(metric::over_max_sessions), 1u);
  CAF_CHECK_EQUAL(count(metric::over_max_sessions_per_id), 2u);
  CAF_CHECK_EQUAL(count(metric::over_max_sessions_per_peer), 0u);
}

CAF_TEST(frees a slot for each session that has ended) {
  node_limits limits;
  limits.sessions = {1, 0, 1};
  start(same_id::all, limits);
  auto session = join(id456);
  CAF_CHECK_EQUAL(refusal("457"), errc::node_full);
  end(session);
  CAF_CHECK(admit("457"));
}

CAF_TEST(counts sessions of a peer across ids) {
  node_limits limits;
  limits.sessions = {0, 0, 2};
  start(same_id::all, limits);
  auto session = join({id456}, "192.0.2.1");
  CAF_CHECK(admit("457", "192.0.2.1"));
  CAF_CHECK_EQUAL(refusal("458", "192.0.2.1"), errc::peer_full);
  CAF_CHECK(admit("458", "192.0.2.2"));
  CAF_CHECK_EQUAL(count(metric::over_max_sessions_per_peer), 1u);
  end(session);
  CAF_CHECK(admit("458", "192.0.2.1"));
  leave("457", "192.0.2.1");
  leave("458", "192.0.2.1");
  CAF_CHECK(admit("1", "192.0.2.1") && admit("2", "192.0.2.1"));
  CAF_CHECK_EQUAL(refusal("3", "192.0.2.1"), errc::peer_full);
}

CAF_TEST(returns the delay for a pusher that exceeds its rate) {
  using namespace std::chrono_literals;
  node_limits limits;
  limits.max_push_rate = 2;
  start(same_id::all, limits);
  auto spend = [this](const std::string& pusher, uint64_t pushes) {
    caf::timespan result{-1};
    auto response
      = self->request(aut, caf::infinite, spend_atom_v, pusher, pushes);
    settle();
    response.receive([&](caf::timespan x) { result = x; },
                     [&](caf::error& e) { CAF_FAIL(sys.render(e)); });
    return result;
  };
  CAF_CHECK(spend("a", 2) == 0s);
  CAF_CHECK(spend("a", 1) == 500ms);
  CAF_CHECK(spend("b", 1) == 0s);
  advance_time(500ms);
  CAF_CHECK(spend("a", 1) == 0s);
  CAF_CHECK_EQUAL(count(metric::over_max_push_rate), 1u);
}

CAF_TEST(admits a session that replaces another) {
  node_limits limits;
  limits.sessions = {0, 1, 0};
  start(same_id::newest_per_node, limits);
  join(id456);
  CAF_CHECK(admit("456"));
}

CAF_TEST(closes the sessions with the largest queues at the memory limit) {
  node_limits limits;
  limits.max_queued = 100;
  start(same_id::all, limits);
  std::vector<session_actor> all;
  for (int i = 0; i < 4; ++i)
    all.push_back(join(push_address::id(std::to_string(i))));
  load(all[0], 30);
  load(all[1], 40);
  load(all[2], 30);
  CAF_CHECK_EQUAL(count(metric::queued_bytes), 100u);
  CAF_CHECK_EQUAL(count(metric::node_queue_closes), 0u);
  load(all[3], 35);
  CAF_CHECK_EQUAL(seen(all[1]), test::texts{"close 1013"});
  CAF_CHECK_EQUAL(count(metric::queued_bytes), 95u);
  CAF_CHECK_EQUAL(count(metric::node_queue_closes), 1u);
  CAF_MESSAGE("its later loads do not count");
  load(all[1], 40);
  CAF_CHECK_EQUAL(count(metric::queued_bytes), 95u);
  CAF_MESSAGE("as many as necessary, which may include the sender");
  load(all[0], 90);
  CAF_CHECK_EQUAL(seen(all[0]), test::texts{"close 1013"});
  CAF_CHECK_EQUAL(count(metric::queued_bytes), 65u);
  CAF_MESSAGE("the queue of a session ends with it");
  end(all[3]);
  CAF_CHECK_EQUAL(count(metric::queued_bytes), 30u);
  load(all[2], 0);
  CAF_CHECK_EQUAL(count(metric::queued_bytes), 0u);
  for (auto i : {2, 3})
    CAF_CHECK_EQUAL(seen(all[i]), test::texts{});
}

CAF_TEST(closes a session at the memory limit even if it already ends) {
  node_limits limits;
  limits.max_queued = 100;
  start(same_id::all, limits);
  auto session = join(id456);
  kick();
  load(session, 101);
  CAF_CHECK_EQUAL(seen(session), (test::texts{"close 4500", "close 1013"}));
}

CAF_TEST(logs a session that failed and removes it) {
  auto session = join(id456);
  self->send_exit(session, caf::exit_reason::unhandled_exception);
  settle();
  CAF_CHECK_EQUAL(log_lines.size(), 1u);
  CAF_CHECK_EQUAL(count(metric::failed_sessions), 1u);
  CAF_CHECK_EQUAL(count(metric::sessions), 0u);
}

CAF_TEST(drains in shares by detaching before closing) {
  std::vector<session_actor> all;
  for (int i = 0; i < 100; ++i)
    all.push_back(join(push_address::id(std::to_string(i))));
  auto closed = [&] {
    return std::count_if(all.begin(), all.end(), [&](auto& session) {
      return seen(session) == test::texts{"close 1001"};
    });
  };
  auto drained = self->request(aut, caf::infinite, drain_atom_v,
                               caf::timespan{std::chrono::milliseconds{450}});
  settle();
  CAF_CHECK_EQUAL(bus_state_of().detaching.size(), 11u);
  CAF_MESSAGE("a session is closed when no more pushes can arrive for it");
  CAF_CHECK_EQUAL(closed(), 0);
  detached();
  CAF_CHECK_EQUAL(closed(), 11);
  for (int i = 0; i < 9; ++i) {
    advance_time(std::chrono::milliseconds{50});
    settle();
    detached();
  }
  CAF_CHECK_EQUAL(closed(), 100);
  for (auto& session : all)
    end(session);
  drained.receive([](ok_atom) {},
                  [&](caf::error& e) { CAF_FAIL(sys.render(e)); });
  CAF_MESSAGE("no address is detached twice");
  CAF_REQUIRE_EQUAL(bus_state_of().seen.size(), 201u);
  CAF_MESSAGE("and the node leaves the cluster");
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "leave");
}

CAF_TEST(delivers pushes that arrive before an address is detached) {
  auto session = join(id456);
  attach_all();
  self->send(aut, drain_atom_v, caf::timespan{0});
  settle();
  push(id456, "a");
  detached();
  CAF_CHECK_EQUAL(seen(session),
                  (test::texts{"greet", "deliver a", "close 1001"}));
}

CAF_TEST(closes a session that joins while it drains) {
  auto first = join(id456);
  self->send(aut, drain_atom_v, caf::timespan{0});
  settle();
  auto late = join(id456);
  CAF_CHECK_EQUAL(seen(late), test::texts{"close 1001"});
}

CAF_TEST(spreads the returns of its clients over the other nodes) {
  for (auto [present, longest] :
       {std::pair{caf::expected<uint64_t>{uint64_t{3}}, 5},
        {uint64_t{1}, 10},
        {caf::error{errc::bus_away}, 10}}) {
    node_limits limits;
    limits.sessions.per_second = 10;
    start(same_id::all, limits);
    bus_state_of().present = present;
    std::vector<session_actor> all;
    for (int i = 0; i < 100; ++i)
      all.push_back(join(push_address::id(std::to_string(i))));
    self->send(aut, drain_atom_v, caf::timespan{0});
    settle();
    detached();
    std::chrono::milliseconds last{0};
    for (auto& session : all) {
      auto retry = deref<test::fake_session>(session).retry;
      CAF_CHECK(retry >= std::chrono::milliseconds{100});
      last = std::max(last, retry);
    }
    CAF_CHECK(last > std::chrono::seconds{longest - 1});
    CAF_CHECK(last <= std::chrono::seconds{longest + 1});
  }
}

CAF_TEST(its headroom falls while sessions join) {
  node_limits limits;
  limits.sessions.per_second = 10;
  start(same_id::all, limits);
  CAF_CHECK_EQUAL(count(metric::headroom), 10u);
  for (int i = 0; i < 4; ++i)
    join(id456);
  CAF_CHECK_EQUAL(count(metric::headroom), 6u);
  advance_time(std::chrono::seconds{10});
  CAF_CHECK_EQUAL(count(metric::headroom), 10u);
  CAF_MESSAGE("and it has none once it drains");
  self->send(aut, drain_atom_v, caf::timespan{0});
  settle();
  CAF_CHECK_EQUAL(count(metric::headroom), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace registry_suite
