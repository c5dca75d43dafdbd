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

/// How much of a message is kept in a dead letter, in bytes.
constexpr size_t dead_letter_size = 4096;

/// About how many dead letters are kept.
constexpr auto max_dead_letters = "10000";

/// For how many milliseconds nodes may hear the same dead letter one after the
/// other.
constexpr auto dead_letter_time = "60000";

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

/// Makes the outcome of a push out of what is recorded of the first of its key.
outcome recorded_outcome(const std::vector<reply>& items) {
  outcome result{items[1].text,
                 to_level(to_number(items[2].text)).value_or(level::routed),
                 items[3].text == "1"};
  auto nodes = to_number(items[4].text);
  // Until that is settled, whoever waits for reports may be gone, or cut off.
  result.unknown = nodes;
  if (items.size() > 5)
    if (auto settled = decode_outcome(items[5].text))
      result = *std::move(settled);
  result.counts.nodes = std::max(result.counts.nodes, nodes);
  return result;
}

/// Makes the outcome of a push out of what the script says.
caf::expected<outcome> outcome_of(const push& what, const reply& x) {
  auto& items = x.items;
  auto said = items.empty() ? "" : items[0].text;
  if (said == "sent" && items.size() == 3) {
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
  if (said == "recorded" && items.size() >= 5)
    return at_level(recorded_outcome(items), what.want);
  return unexpected();
}

/// Reads an entry of a mailbox, or says what is wrong with it.
/// @param left is how many milliseconds it has to live; less than 0 if it has
/// no
///             message or no expiry.
caf::expected<push> to_kept(const std::string& entry, std::string message,
                            int64_t left) {
  auto rejected = [](std::string why) {
    return make_error(caf::sec::invalid_argument, std::move(why));
  };
  if (left < 0)
    return rejected("an entry without a message or an expiry");
  append_entry(message, entry);
  auto result = decode(message);
  if (!result)
    return rejected(result.error() == another_kind ? "a message of another kind"
                                                   : "not a push");
  if (result->what != push::purpose::message)
    return rejected("a message that is not for clients");
  result->entry = entry;
  result->ttl = std::min<milliseconds>(milliseconds{left}, longest_ttl);
  // Who waits for its receipt knows that it is kept.
  result->reply_to.clear();
  result->want = level::routed;
  return result;
}

} // namespace

void store::load() {
  for (auto each : {&check_script, &recount_script, &push_script,
                    &settle_script, &read_script, &reject_script, &bury_script,
                    &confirm_script, &claim_script})
    load(*each);
}

void store::load(const script& what) {
  redis_.send({"SCRIPT", "LOAD", what.text}, [](const caf::expected<reply>&) {
    // Where this fails, `eval` fails, too, and says why.
  });
}

void store::check(bool every_command, handler<check_result> then) {
  // No id has a slash in it.
  auto nobody = push_address::id("/");
  eval(check_script,
       {mailbox_of(nobody), due_of(nobody), config_.prefix + ":once:/",
        config_.prefix + ":owner:/"},
       {every_command ? "all" : "first"},
       [then](const caf::expected<reply>& x) {
         if (!x)
           then(x.error());
         else if (x->items.size() == 3)
           then(check_result{x->items[0].text, x->items[1].text,
                             x->items[2].text});
         else
           then(unexpected());
       });
}

void store::publish(const push_address& where, const push& what,
                    handler<outcome> then) {
  auto channel = channel_of(where);
  if (what.ttl.count() == 0 && what.key.empty()) {
    auto message = encode(what);
    command words{"PUBLISH", channel, message};
    return send(std::move(words), [this, channel, message = std::move(message),
                                   what = outcome{what.id, what.want}, then](
                                    const caf::expected<reply>& x) mutable {
      auto nodes = number_of(x);
      if (!nodes)
        return then(std::move(nodes.error()));
      if (*nodes == 0)
        return recount(channel, std::move(message), std::move(what), then);
      finish(std::move(what), *nodes, true, then);
    });
  }
  auto text = [](auto number) { return std::to_string(number.count()); };
  auto expected = static_cast<int64_t>(surroundings_.expected_nodes());
  eval(push_script,
       {mailbox_of(where), due_of(where), config_.prefix + ":once:" + what.key},
       {channel, encode(what), text(what.ttl),
        std::to_string(config_.mailbox_limit),
        what.key.empty() ? "" : sha256(gist_of(channel, what)), what.id,
        std::to_string(static_cast<unsigned>(what.want)),
        channel_of_node(config_.node), text(milliseconds{what.wait + grace}),
        text(milliseconds{key_time}), channel_of_nodes()},
       [this, what, expected, then](const caf::expected<reply>& x) {
         auto result
           = x ? outcome_of(what, *x) : caf::expected<outcome>{x.error()};
         if (result && result->kept && config_.replicas > 0)
           await_replicas(*std::move(result), then);
         else if (result && !result->kept && x->items.size() == 3
                  && x->items[1].number == 0)
           finish(*std::move(result), 0, x->items[2].number >= expected, then);
         else
           then(std::move(result));
       });
}

void store::recount(const std::string& channel, std::string message,
                    outcome what, handler<outcome> then) {
  // Whoever comes back from now on is counted.
  auto expected = static_cast<int64_t>(surroundings_.expected_nodes());
  eval(recount_script, {}, {channel, std::move(message), channel_of_nodes()},
       [this, what = std::move(what), expected,
        then](const caf::expected<reply>& x) mutable {
         if (!x)
           then(x.error());
         else if (x->items.size() == 2)
           finish(std::move(what), static_cast<uint64_t>(x->items[0].number),
                  x->items[1].number >= expected, then);
         else
           then(unexpected());
       });
}

void store::finish(outcome what, uint64_t nodes, bool all_there,
                   const handler<outcome>& then) {
  if (nodes == 0 && !all_there)
    return then(caf::error{errc::nodes_missing});
  what.counts.nodes = nodes;
  then(std::move(what));
}

void store::await_replicas(outcome what, handler<outcome> then) {
  redis_.await_replicas(config_.replicas, [this, what = std::move(what), then](
                                            const caf::expected<reply>& x) {
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

void store::read(const mailbox_query& what, rejection_handler on_rejected,
                 handler<mailbox_page> then) {
  eval(read_script, {mailbox_of(what.where), due_of(what.where)},
       {what.after, what.upto, std::to_string(what.max_bytes)},
       [this, what, on_rejected, then](const caf::expected<reply>& x) {
         if (!x)
           return then(x.error());
         auto& items = x->items;
         if (items.size() < 2 || items.size() % 3 != 2)
           return then(unexpected());
         mailbox_page result{{}, items[0].text, items[1].number != 0};
         auto now = milliseconds_since_1970();
         for (size_t i = 2; i < items.size(); i += 3) {
           auto& entry = items[i].text;
           auto& message = items[i + 1].text;
           auto kept = to_kept(entry, message, items[i + 2].number);
           if (!kept) {
             auto& context = kept.error().context();
             auto reason = context.get_as<std::string>(0);
             reject(what.where, entry, message, reason);
             on_rejected(what.where, reason);
             continue;
           }
           // The clocks of Redis and this machine may differ.
           result.age
             += std::max(now - milliseconds{to_number(entry)}, milliseconds{0});
           result.pushes.push_back(*std::move(kept));
         }
         if (!result.pushes.empty() || !result.more)
           return then(std::move(result));
         // Nothing of this part can be read; what is behind it may.
         auto rest = what;
         rest.after = items[items.size() - 3].text;
         rest.upto = result.upto;
         read(rest, on_rejected, then);
       });
}

void store::reject(const push_address& where, const std::string& entry,
                   const std::string& message, const std::string& reason) {
  auto mailbox = mailbox_of(where);
  eval(reject_script, {mailbox, due_of(where), dead_letters()},
       {entry, max_dead_letters, "message", message.substr(0, dead_letter_size),
        "reason", reason, "node", config_.node, "key", mailbox},
       [](const caf::expected<reply>&) {
         // What stays in the mailbox is rejected again when it is next read.
       });
}

void store::bury(const std::string& message, const std::string& reason,
                 handler<uint64_t> then) {
  eval(bury_script, {dead_letters(), config_.prefix + ":dead:" + sha1(message)},
       {config_.node, dead_letter_time, max_dead_letters, "message",
        message.substr(0, dead_letter_size), "reason", reason, "node",
        config_.node},
       [then](const caf::expected<reply>& x) { then(number_of(x)); });
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
  auto expected = static_cast<int64_t>(surroundings_.expected_nodes());
  send({"PUBSUB", "NUMSUB", channel_of(where), channel_of_nodes()},
       [expected, then](const caf::expected<reply>& x) {
         if (!x)
           return then(x.error());
         if (x->items.size() != 4)
           return then(unexpected());
         if (x->items[1].number == 0 && x->items[3].number < expected)
           then(caf::error{errc::nodes_missing});
         else
           then(number_of(x->items[1]));
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
  redis_.send(std::move(words), [this, again = std::move(again), &what,
                                 then](caf::expected<reply> x) {
    if (x && x->type == reply::kind::error && x->text.starts_with("NOSCRIPT")) {
      load(what);
      send(again, then);
    } else if (x && x->type == reply::kind::error) {
      then(refusal(x->text));
    } else {
      then(std::move(x));
    }
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
  auto kind = impairment_of(text);
  if (kind == impairment::none)
    return {errc::refused, text};
  surroundings_.on_impaired(kind, text);
  return {errc::bus_away, text};
}

std::string store::mailbox_of(const push_address& where) const {
  return config_.prefix + ":mail:" + std::string{where.name()};
}

std::string store::due_of(const push_address& where) const {
  return config_.prefix + ":due:" + std::string{where.name()};
}

} // namespace waybill::redis
