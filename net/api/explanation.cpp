#include "net/api/explanation.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "net/wording.hpp"

namespace waybill::net {

namespace {

/// Number of pushes that are explained without a choice.
constexpr size_t most_pushes = 5;

/// A node that was killed has lost what it knew of sessions.
const std::string memory = ", as far as the nodes remember,";

/// Shortens a time (RFC 3339) to its seconds, and to the time of today.
std::string short_time(const std::string& at, const std::string& today) {
  auto second = at.substr(0, 19) + 'Z';
  return at.starts_with(today) ? second.substr(11) : second;
}

/// Returns the hops of one kind.
std::vector<json> hops_of(const json& push, const std::string& kind) {
  std::vector<json> result;
  for (auto& hop : push.at("hops"))
    if (hop.at("hop") == kind)
      result.push_back(hop);
  return result;
}

/// Returns the status that the node answered the pusher with; 0 for unknown.
unsigned status_of(const json& push) {
  auto answers = hops_of(push, "answered");
  return answers.empty() ? 0 : answers.back().value("status", 0u);
}

/// Returns the number of sessions that a push was passed to.
uint64_t sessions_of(const json& push) {
  uint64_t result = 0;
  for (auto& hop : hops_of(push, "delivered"))
    result += hop.value("sessions", uint64_t{0});
  return result;
}

/// Tells whether the events before the first of a trace may be missing.
bool is_incomplete(const json& events) {
  return std::any_of(events.begin(), events.end(),
                     [](const json& x) { return x.at("hop") == "forgotten"; });
}

std::string name_of(const json& push) {
  return push.contains("push") ? "push " + push["push"].get<std::string>()
                               : "a push of the open channel";
}

/// Describes the sessions of now.
std::string explain_presence(const id_facts& facts) {
  auto& sessions = facts.presence.at("sessions");
  auto unknown = facts.presence.at("unknown").get<uint64_t>();
  if (!sessions.empty()) {
    double age = 0;
    for (auto& session : sessions)
      age = std::max(age, session.at("age").get<double>());
    return facts.id + " is online with " + count_of(sessions.size(), "session")
           + ", the oldest for " + duration_of(age) + '.';
  }
  if (unknown > 0)
    return "It is not known whether " + facts.id
           + " is online: " + count_of(unknown, "node") + " did not answer.";
  auto times = offline_times(facts);
  if (times.empty() || !times.back().to.empty())
    return facts.id + " is offline.";
  auto& events = facts.trace.at("sessions");
  auto last = std::find_if(events.rbegin(), events.rend(),
                           [](const json& x) { return x.at("hop") == "left"; });
  auto reason = last == events.rend() ? "" : last->value("why", "");
  return facts.id + " is offline" + memory + " since "
         + short_time(times.back().from, facts.today)
         + (reason.empty() ? "" : ", when its last session ended: " + reason)
         + '.';
}

/// Describes the time in which an id was offline when it was pushed to; empty
/// if that time is not known.
std::string explain_absence(const id_facts& facts, const std::string& at) {
  for (auto& time : offline_times(facts))
    if (time.from <= at && (time.to.empty() || at <= time.to))
      return memory + " from " + short_time(time.from, facts.today)
             + (time.to.empty() ? ""
                                : " to " + short_time(time.to, facts.today));
  return "";
}

/// Describes the mailbox that a kept push may still be in.
std::string explain_kept(const id_facts& facts) {
  auto entries = facts.mailbox.at("entries").get<uint64_t>();
  return entries == 0 ? "; the mailbox is empty now, so a client has confirmed "
                        "it, or its ttl has passed, or it was replaced or "
                        "deleted"
                      : "; no node remembers that a client confirmed it, and "
                        "the mailbox holds "
                          + count_of(entries, "push", "pushes");
}

/// Describes an outcome, behind the name and the time of the push.
std::string explain_outcome(const id_facts& facts, const json& push) {
  auto sessions = count_of(sessions_of(push), "session");
  auto status = std::to_string(status_of(push));
  switch (outcome_of(push)) {
  case push_outcome::received:
    return " was received by "
           + count_of(hops_of(push, "received").size(), "client");
  case push_outcome::written:
    return " was written to "
           + count_of(hops_of(push, "written").size(), "socket")
           + ", and no node remembers that a client read it";
  case push_outcome::dropped:
    return " was dropped by "
           + count_of(hops_of(push, "dropped").size(), "session")
           + ": the client read too slowly or was gone, or the push was too "
             "old or replaced";
  case push_outcome::delivered:
    return " was passed to " + sessions
           + ", and no node remembers that it was written";
  case push_outcome::kept:
    return " was kept, since no client was there to read it"
           + explain_kept(facts);
  case push_outcome::lost:
    return " had no ttl, and " + facts.id + " was offline"
           + explain_absence(facts, push.at("at")) + ", so it is lost";
  case push_outcome::refused:
    return " was refused with " + status + ": nothing was sent";
  case push_outcome::unknown:
    break;
  }
  return status == "0" ? " has an outcome that no node that answered remembers"
         : status == "504"
           ? " was answered 504: it is not known whether it arrived"
           : " was answered " + status
               + ", and no node that answered remembers more";
}

/// Describes the mailbox.
std::string explain_mailbox(const id_facts& facts) {
  auto entries = facts.mailbox.at("entries").get<uint64_t>();
  if (entries == 0)
    return "The mailbox of " + facts.id + " is empty.";
  return "The mailbox of " + facts.id + " holds "
         + count_of(entries, "push", "pushes") + ", the oldest for "
         + duration_of(facts.mailbox.at("oldest")) + '.';
}

/// Returns the pushes to explain, the oldest first.
std::vector<json> choose(const json& pushes, const std::string& name) {
  std::vector<json> result;
  for (auto& push : pushes)
    if (name.empty() || push.value("push", "") == name)
      result.push_back(push);
  if (result.size() > most_pushes)
    result.erase(result.begin(), result.end() - most_pushes);
  return result;
}

} // namespace

const char* to_string(push_outcome x) {
  switch (x) {
  case push_outcome::received:
    return "received";
  case push_outcome::written:
    return "written";
  case push_outcome::delivered:
    return "delivered";
  case push_outcome::dropped:
    return "dropped";
  case push_outcome::kept:
    return "kept";
  case push_outcome::lost:
    return "lost";
  case push_outcome::refused:
    return "refused";
  case push_outcome::unknown:
    break;
  }
  return "unknown";
}

std::vector<offline_time> offline_times(const id_facts& facts) {
  auto& events = facts.trace.at("sessions");
  // A session that nobody remembers may have been there all the time.
  if (is_incomplete(events) || facts.trace.at("unknown") != 0
      || facts.presence.at("unknown") != 0)
    return {};
  // By node and peer: a joined session has no other name.
  std::map<std::pair<std::string, std::string>, int> open;
  auto key_of = [](const json& event) {
    return std::pair{event.at("node").get<std::string>(),
                     event.value("peer", "")};
  };
  std::vector<offline_time> result;
  int count = 0;
  for (auto& event : events) {
    if (event.at("hop") == "joined") {
      ++open[key_of(event)];
      if (++count == 1 && !result.empty() && result.back().to.empty())
        result.back().to = event.at("at");
    } else if (event.at("hop") == "left") {
      // The begin of this session is not known, nor who was there before.
      if (--open[key_of(event)] < 0)
        return {};
      if (--count == 0)
        result.push_back({event.at("at"), ""});
    }
  }
  // A session of now without a begin was there all the time.
  if (facts.presence.at("sessions").size() != static_cast<size_t>(count))
    return {};
  return result;
}

push_outcome outcome_of(const json& push) {
  auto has = [&push](const char* kind) { return !hops_of(push, kind).empty(); };
  auto status = status_of(push);
  if (has("received"))
    return push_outcome::received;
  if (has("written"))
    return push_outcome::written;
  if (has("dropped"))
    return status == 202 ? push_outcome::kept : push_outcome::dropped;
  if (status == 202)
    return push_outcome::kept;
  if (sessions_of(push) > 0)
    return push_outcome::delivered;
  switch (status) {
  case 404:
    return push_outcome::lost;
  case 429:
  case 503:
  case 507:
    return push_outcome::refused;
  default:
    return push_outcome::unknown;
  }
}

std::vector<std::string> explain(const id_facts& facts,
                                 const std::string& push) {
  std::vector<std::string> result{explain_presence(facts)};
  auto& pushes = facts.trace.at("pushes");
  auto chosen = choose(pushes, push);
  for (auto& one : chosen)
    result.push_back("At " + short_time(one.at("at"), facts.today) + ", "
                     + name_of(one) + explain_outcome(facts, one) + '.');
  if (chosen.empty())
    result.push_back(
      push.empty()
        ? "No node that answered remembers a push to " + facts.id + '.'
        : "No node that answered remembers push " + push + " to " + facts.id
            + ": it was to another id or a topic, or they have forgotten it.");
  result.push_back(explain_mailbox(facts));
  if (auto unknown = facts.trace.at("unknown").get<uint64_t>(); unknown > 0)
    result.push_back(count_of(unknown, "node")
                     + " did not answer: what they know is missing here.");
  return result;
}

} // namespace waybill::net
