#include "redis/store.hpp"

#include <algorithm>
#include <charconv>

#include "actors/repeats.hpp"
#include "redis/digest.hpp"

namespace waybill::redis {

using std::chrono::milliseconds;

namespace {

/// For how long a push may be under way after its pusher's time is up.
constexpr auto grace = std::chrono::seconds{2};

/// For how many milliseconds Redis may wait for its replicas. Its other
/// commands wait as long.
constexpr auto replica_timeout = "300";

uint64_t to_number(std::string_view text) {
  uint64_t result = 0;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

milliseconds milliseconds_since_1970() {
  return std::chrono::floor<milliseconds>(
    std::chrono::system_clock::now().time_since_epoch());
}

caf::error unexpected() {
  return {errc::refused, std::string{"an unexpected reply"}};
}

/// Reads the number that a reply is.
caf::expected<uint64_t> number_of(const caf::expected<reply>& x) {
  if (!x)
    return x.error();
  switch (x->type) {
  case reply::kind::number:
    return static_cast<uint64_t>(x->number);
  case reply::kind::text:
    return to_number(x->text);
  case reply::kind::nil:
    return uint64_t{0};
  case reply::kind::list:
  case reply::kind::error:
    break;
  }
  return unexpected();
}

/// Tells whether Redis refused to write since it has too few replicas.
bool lacks_replicas(const caf::error& why) {
  return why == errc::refused
         && why.context().get_as<std::string>(0).find("NOREPLICAS")
              != std::string::npos;
}

/// Makes the outcome of a push out of what the script says.
caf::expected<outcome> outcome_of(const push& what, const reply& x) {
  auto& items = x.items;
  auto said = items.empty() ? "" : items[0].text;
  if (said == "sent" && items.size() == 2) {
    outcome result{what.id, what.want, what.ttl.count() > 0};
    result.counts.nodes = static_cast<uint64_t>(items[1].number);
    return result;
  }
  if (said == "full")
    return errc::mailbox_full;
  if (said == "other")
    return errc::key_reused;
  if (said == "waiting")
    return errc::under_way;
  if (said == "settled" && items.size() == 2)
    return decode_outcome(items[1].text);
  if (said == "recorded" && items.size() == 5) {
    outcome result{items[1].text, static_cast<level>(to_number(items[2].text)),
                   items[3].text == "1"};
    result.counts.nodes = to_number(items[4].text);
    // Whoever waited for their reports is gone, or was cut off.
    if (result.want != level::routed)
      result.unknown = result.counts.nodes;
    return result;
  }
  return unexpected();
}

} // namespace

void store::load() {
  for (auto each : {&push_script, &settle_script, &read_script, &confirm_script,
                    &claim_script})
    redis_.send({"SCRIPT", "LOAD", each->text},
                [](const caf::expected<reply>&) {
                  // Where this fails, `eval` sends the script itself.
                });
}

void store::publish(const push_address& where, const push& what,
                    handler<outcome> then) {
  auto channel = channel_of(where);
  if (what.ttl.count() == 0 && what.key.empty())
    return send({"PUBLISH", channel, encode(what)},
                [what = outcome{what.id, what.want},
                 then](const caf::expected<reply>& x) mutable {
                  auto nodes = number_of(x);
                  if (!nodes)
                    return then(std::move(nodes.error()));
                  what.counts.nodes = *nodes;
                  then(std::move(what));
                });
  auto text = [](auto number) { return std::to_string(number.count()); };
  eval(push_script,
       {mailbox_of(where), due_of(where), config_.prefix + ":once:" + what.key},
       {channel, encode(what), text(what.ttl),
        std::to_string(config_.mailbox_limit),
        what.key.empty() ? "" : sha256(gist_of(channel, what)), what.id,
        std::to_string(static_cast<unsigned>(what.want)),
        channel_of_node(config_.node), text(milliseconds{what.wait + grace}),
        text(milliseconds{key_time})},
       [this, what, then](const caf::expected<reply>& x) {
         auto result
           = x ? outcome_of(what, *x) : caf::expected<outcome>{x.error()};
         // The link is up, so only a pusher may take this for a bus that is
         // away: whoever waits for the next link would do so for ever.
         if (!result && lacks_replicas(result.error()))
           then(caf::error{errc::bus_away});
         else if (result && result->kept && config_.replicas > 0)
           await_replicas(*std::move(result), then);
         else
           then(std::move(result));
       });
}

void store::await_replicas(outcome what, handler<outcome> then) {
  send({"WAIT", std::to_string(config_.replicas), replica_timeout},
       [this, what = std::move(what), then](const caf::expected<reply>& x) {
         auto replicas = number_of(x);
         if (replicas && *replicas >= config_.replicas)
           then(what);
         else
           then(caf::error{errc::unanswered});
       });
}

void store::settle(const std::string& key, const outcome& what) {
  eval(settle_script, {config_.prefix + ":once:" + key},
       {what.push, is_nobody(what) ? "" : encode(what)},
       [](const caf::expected<reply>&) {
         // Who tries the key again is answered what is recorded.
       });
}

void store::read(const mailbox_query& what, handler<mailbox_page> then) {
  eval(read_script, {mailbox_of(what.where), due_of(what.where)},
       {what.after, what.upto, std::to_string(what.max_bytes)},
       [then](const caf::expected<reply>& x) {
         if (!x)
           return then(x.error());
         auto& items = x->items;
         if (items.size() < 2 || items.size() % 3 != 2)
           return then(unexpected());
         mailbox_page result{{}, items[0].text, items[1].number != 0};
         auto now = milliseconds_since_1970();
         for (size_t i = 2; i < items.size(); i += 3) {
           auto bytes = items[i + 1].text;
           append_entry(bytes, items[i].text);
           // The clocks of Redis and this machine may differ.
           result.age += std::max(now - milliseconds{to_number(items[i].text)},
                                  milliseconds{0});
           auto each = decode(bytes);
           if (!each)
             return then(caf::error{errc::refused,
                                    std::string{"not a push in a mailbox"}});
           each->ttl = std::min<std::chrono::milliseconds>(
             std::chrono::milliseconds{items[i + 2].number}, longest_ttl);
           // Who waits for its receipt knows that it is kept.
           each->reply_to.clear();
           each->want = level::routed;
           result.pushes.push_back(std::move(*each));
         }
         then(std::move(result));
       });
}

void store::confirm(const push_address& where, const std::string& entry,
                    handler<uint64_t> then) {
  // MINID is the first entry that stays.
  auto dash = entry.find('-') + 1;
  auto next
    = entry.substr(0, dash) + std::to_string(to_number(entry.substr(dash)) + 1);
  eval(confirm_script, {mailbox_of(where), due_of(where)}, {next},
       [then](const caf::expected<reply>& x) { then(number_of(x)); });
}

void store::claim(const push_address& where, handler<uint64_t> then) {
  push what{""};
  what.what = push::purpose::claim;
  eval(claim_script, {config_.prefix + ":owner:" + std::string{where.name()}},
       {channel_of(where), encode(what)},
       [then](const caf::expected<reply>& x) { then(number_of(x)); });
}

void store::owner(const push_address& where, handler<uint64_t> then) {
  send({"GET", config_.prefix + ":owner:" + std::string{where.name()}},
       [then](const caf::expected<reply>& x) { then(number_of(x)); });
}

void store::presence(const push_address& where, handler<uint64_t> then) {
  send({"PUBSUB", "NUMSUB", channel_of(where)},
       [then](const caf::expected<reply>& x) {
         if (!x)
           then(x.error());
         else if (x->items.size() == 2)
           then(number_of(x->items[1]));
         else
           then(unexpected());
       });
}

void store::tell(const std::string& node, const node_message& what,
                 handler<uint64_t> then) {
  send({"PUBLISH", channel_of_node(node), encode(what)},
       [then](const caf::expected<reply>& x) { then(number_of(x)); });
}

void store::eval(const script& what, std::vector<std::string> keys,
                 std::vector<std::string> arguments, handler<reply> then) {
  command words{"EVALSHA", what.sha, std::to_string(keys.size())};
  words.insert(words.end(), keys.begin(), keys.end());
  words.insert(words.end(), arguments.begin(), arguments.end());
  auto again = words;
  again[0] = "EVAL";
  again[1] = what.text;
  redis_.send(std::move(words), [this, again = std::move(again),
                                 then](caf::expected<reply> x) {
    if (x && x->type == reply::kind::error && x->text.starts_with("NOSCRIPT"))
      send(again, then);
    else if (x && x->type == reply::kind::error)
      then(refusal(x->text));
    else
      then(std::move(x));
  });
}

void store::send(command what, handler<reply> then) {
  redis_.send(std::move(what), [this, then](caf::expected<reply> x) {
    if (x && x->type == reply::kind::error)
      then(refusal(x->text));
    else
      then(std::move(x));
  });
}

caf::error store::refusal(const std::string& text) {
  // A script that may not write has done nothing. The master is elsewhere.
  if (text.find("READONLY") != text.npos) {
    redis_.reset("it is a replica");
    return errc::bus_away;
  }
  return {errc::refused, text};
}

std::string store::mailbox_of(const push_address& where) const {
  return config_.prefix + ":mail:" + std::string{where.name()};
}

std::string store::due_of(const push_address& where) const {
  return config_.prefix + ":due:" + std::string{where.name()};
}

} // namespace waybill::redis
