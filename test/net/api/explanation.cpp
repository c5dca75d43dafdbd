#define CAF_SUITE explanation

#include "net/api/explanation.hpp"

#include <string>
#include <vector>

#include <caf/test/dsl.hpp>

namespace explanation_suite {

using namespace waybill::net;

namespace {

using texts = std::vector<std::string>;

/// Time of today, at this hour and minute.
std::string at(const std::string& time) {
  return "2026-11-28T" + time + ":00.000001Z";
}

json joined(const std::string& time, const std::string& node = "n1") {
  return {{"hop", "joined"}, {"at", at(time)}, {"node", node}, {"peer", "p"}};
}

json left(const std::string& time, const std::string& node = "n1") {
  auto result = joined(time, node);
  result["hop"] = "left";
  result["why"] = "the client closed it";
  return result;
}

json hop(const std::string& name, const json& more = json::object()) {
  json result{{"hop", name}, {"after", 1}, {"node", "n1"}};
  result.update(more);
  return result;
}

json answered(unsigned status) {
  return hop("answered", {{"status", status}});
}

/// A push at 02:12.
json push(const std::vector<json>& hops, const std::string& name = "p1") {
  return {{"push", name}, {"at", at("02:12")}, {"hops", hops}};
}

struct explanation_fixture {
  explanation_fixture() {
    facts.id = "456";
    facts.today = "2026-11-28";
    facts.presence = {{"sessions", json::array()}, {"unknown", 0}};
    facts.trace = {
      {"pushes", json::array()}, {"sessions", json::array()}, {"unknown", 0}};
    facts.mailbox = {{"entries", 0}};
  }

  /// Lets the id have some sessions now.
  void set_sessions(size_t count) {
    for (size_t i = 0; i < count; ++i)
      facts.presence["sessions"].push_back(
        {{"node", "n1"}, {"peer", "p:1"}, {"age", 10}, {"queue", 0}});
  }

  void set_events(const std::vector<json>& events) {
    facts.trace["sessions"] = events;
  }

  /// Returns the sentence on a push with these hops.
  std::string explain_push(const std::vector<json>& hops) {
    facts.trace["pushes"] = json::array({push(hops)});
    return explain(facts, "").at(1);
  }

  id_facts facts;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(explanation_tests, explanation_fixture)

CAF_TEST(tells that nothing is known) {
  CAF_CHECK_EQUAL(
    explain(facts, ""),
    (texts{"456 is offline.", "No node that answered remembers a push to 456.",
           "The mailbox of 456 is empty."}));
}

CAF_TEST(tells the sessions of now and the mailbox) {
  set_sessions(2);
  facts.mailbox = {{"entries", 3}, {"oldest", 12.3}};
  auto found = explain(facts, "");
  CAF_CHECK_EQUAL(found[0],
                  "456 is online with 2 sessions, the oldest for 10 s.");
  CAF_CHECK_EQUAL(found[2],
                  "The mailbox of 456 holds 3 pushes, the oldest for 12 s.");
}

CAF_TEST(tells since when an id is offline and why) {
  set_events({joined("02:00"), left("02:10")});
  CAF_CHECK_EQUAL(
    std::string{explain(facts, "")[0]},
    "456 is offline, as far as the nodes remember, since "
    "02:10:00Z, when its last session ended: the client closed it.");
  CAF_MESSAGE("a time of another day has its date");
  facts.today = "2026-11-29";
  CAF_CHECK_EQUAL(std::string{explain(facts, "")[0]},
                  "456 is offline, as far as the nodes remember, since "
                  "2026-11-28T02:10:00Z, when its last session ended: the "
                  "client closed it.");
}

CAF_TEST(tells when a lost push missed its id) {
  set_events({joined("02:00"), left("02:10"), joined("02:14")});
  set_sessions(1);
  CAF_CHECK_EQUAL(
    explain_push({hop("taken"), answered(404)}),
    "At 02:12:00Z, push p1 had no ttl, and 456 was offline, as far "
    "as the nodes remember, from 02:10:00Z to 02:14:00Z, so it is "
    "lost.");
}

CAF_TEST(tells no offline time that is not known in full) {
  auto lost = "At 02:12:00Z, push p1 had no ttl, and 456 was offline, so it is "
              "lost.";
  auto is_unknown = [&](const std::vector<json>& events, size_t sessions) {
    facts.presence["sessions"] = json::array();
    set_sessions(sessions);
    set_events(events);
    CAF_CHECK_EQUAL(offline_times(facts).size(), 0u);
    CAF_CHECK_EQUAL(explain_push({answered(404)}), lost);
  };
  CAF_MESSAGE("older events are forgotten");
  is_unknown({{{"hop", "forgotten"}, {"at", at("01:00")}, {"node", "n1"}},
              joined("02:00"),
              left("02:10")},
             0);
  CAF_MESSAGE("a session left whose begin nobody remembers");
  is_unknown({joined("02:00"), left("02:10"), left("02:20", "n2")}, 0);
  CAF_MESSAGE("a session of now has no begin");
  is_unknown({joined("02:00"), left("02:10")}, 1);
  CAF_MESSAGE("a node is silent");
  facts.trace["unknown"] = 1;
  is_unknown({joined("02:00"), left("02:10")}, 0);
}

CAF_TEST(sessions that overlap leave no time between them) {
  set_events({joined("02:00"), joined("02:05", "n2"), left("02:10"),
              left("02:20", "n2"), joined("02:30"), left("02:40")});
  auto found = offline_times(facts);
  CAF_REQUIRE_EQUAL(found.size(), 2u);
  CAF_CHECK_EQUAL(found[0].from, at("02:20"));
  CAF_CHECK_EQUAL(found[0].to, at("02:30"));
  CAF_CHECK_EQUAL(found[1].from, at("02:40"));
  CAF_CHECK_EQUAL(found[1].to, "");
}

CAF_TEST(tells the outcome of a push by its last known hop) {
  auto delivered = hop("delivered", {{"sessions", 2}});
  auto is = [this](const std::vector<json>& hops, push_outcome outcome,
                   const std::string& text) {
    CAF_CHECK(outcome_of(push(hops)) == outcome);
    CAF_CHECK_EQUAL(explain_push(hops), "At 02:12:00Z, push p1 " + text + '.');
  };
  is({delivered, hop("written"), hop("received"), answered(200)},
     push_outcome::received, "was received by 1 client");
  is({delivered, hop("written"), answered(200)}, push_outcome::written,
     "was written to 1 socket, and no node remembers that a client read it");
  is({delivered, answered(200)}, push_outcome::delivered,
     "was passed to 2 sessions, and no node remembers that it was written");
  is({delivered, hop("dropped"), answered(200)}, push_outcome::dropped,
     "was dropped by 1 session: the client read too slowly or was gone, or "
     "the push was too old or replaced");
  is({answered(507)}, push_outcome::refused,
     "was refused with 507: nothing was sent");
  is({answered(504)}, push_outcome::unknown,
     "was answered 504: it is not known whether it arrived");
  is({answered(200)}, push_outcome::unknown,
     "was answered 200, and no node that answered remembers more");
  is({hop("taken")}, push_outcome::unknown,
     "has an outcome that no node that answered remembers");
}

CAF_TEST(tells of a kept push whether the mailbox may have it) {
  CAF_CHECK_EQUAL(explain_push({answered(202)}),
                  "At 02:12:00Z, push p1 was kept, since no client was there "
                  "to read it; the mailbox is empty now, so a client has "
                  "confirmed it, or its ttl has passed, or it was replaced or "
                  "deleted.");
  facts.mailbox = {{"entries", 1}, {"oldest", 5}};
  CAF_CHECK_EQUAL(explain_push({answered(202)}),
                  "At 02:12:00Z, push p1 was kept, since no client was there "
                  "to read it; no node remembers that a client confirmed it, "
                  "and the mailbox holds 1 push.");
}

CAF_TEST(explains the last pushes or the one that was named) {
  for (auto name : {"p1", "p2", "p3", "p4", "p5", "p6"})
    facts.trace["pushes"].push_back(push({answered(404)}, name));
  auto found = explain(facts, "");
  CAF_CHECK_EQUAL(found.size(), 1 + 5 + 1u);
  CAF_CHECK(found[1].find("push p2 ") != std::string::npos);
  CAF_CHECK_EQUAL(explain(facts, "p1").size(), 3u);
  CAF_CHECK_EQUAL(std::string{explain(facts, "p7")[1]},
                  "No node that answered remembers push p7 to 456: it was to "
                  "another id or a topic, or they have forgotten it.");
}

CAF_TEST(names a push of the open channel as such) {
  auto unnamed = push({hop("written")});
  unnamed.erase("push");
  facts.trace["pushes"].push_back(unnamed);
  CAF_CHECK(explain(facts, "")[1].starts_with(
    "At 02:12:00Z, a push of the open channel was written to 1 socket"));
}

CAF_TEST(tells that silent nodes may know more) {
  facts.presence["unknown"] = 1;
  facts.trace["unknown"] = 2;
  auto found = explain(facts, "");
  CAF_CHECK_EQUAL(found.front(), "It is not known whether 456 is online: 1 "
                                 "node did not answer.");
  CAF_CHECK_EQUAL(found.back(),
                  "2 nodes did not answer: what they know is missing here.");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace explanation_suite
