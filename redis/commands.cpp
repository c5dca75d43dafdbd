#include "redis/commands.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <memory>
#include <utility>
#include <variant>

#include "actors/core/idempotency_store.hpp"
#include "redis/digest.hpp"

namespace waybill::redis {

using std::chrono::milliseconds;

namespace {

/// Time for which a push may stay in flight after its `wait` has elapsed.
constexpr auto grace = std::chrono::seconds{2};

/// Maximum size of the message in a dead letter, in bytes.
constexpr size_t dead_letter_size = 4096;

/// Approximate maximum number of dead letters.
constexpr auto max_dead_letters = "10000";

/// Time in milliseconds within which all nodes receive the same message.
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

/// Converts a reply into a number.
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

/// Returns the outcome that is recorded for the first push of a key.
outcome recorded_outcome(const std::vector<reply>& items) {
  outcome result{
    items[1].text,
    to_receipt_level(to_number(items[2].text)).value_or(receipt_level::routed),
    items[3].text == "1"};
  auto nodes = to_number(items[4].text);
  // Unknown until settled: the node of the receipt may be gone, or cut off.
  result.unknown = nodes;
  if (items.size() > 5)
    if (auto settled = decode_outcome(items[5].text))
      result = *std::move(settled);
  result.counts.nodes = std::max(result.counts.nodes, nodes);
  return result;
}

/// Converts the reply of `push_script`.
caf::expected<outcome> outcome_of(const push& push, const reply& x) {
  auto& items = x.items;
  auto status = items.empty() ? "" : items[0].text;
  if (status == "sent" && items.size() == 3) {
    outcome result{push.id, push.want, push.ttl.count() > 0};
    result.counts.nodes = static_cast<uint64_t>(items[1].number);
    return result;
  }
  if (status == "full")
    return errc::inbox_full;
  if (status == "other")
    return errc::key_reused;
  if (status == "waiting")
    return errc::in_flight;
  if (status == "recorded" && items.size() >= 5)
    return at_level(recorded_outcome(items), push.want);
  return unexpected();
}

/// Decodes an entry of a mailbox.
/// @param left is the remaining time to live in milliseconds; negative if the
///        entry has no message or no expiry.
/// @returns `caf::sec::invalid_argument`, with the reason as its context.
caf::expected<push> to_kept(const std::string& entry, std::string message,
                            int64_t left) {
  auto rejected = [](std::string why) {
    return make_error(caf::sec::invalid_argument, std::move(why));
  };
  if (left < 0)
    return rejected("an entry without a message or an expiry");
  append_entry(message, entry);
  auto decoded = decode(message);
  if (!decoded)
    return rejected(decoded.error() == another_kind
                      ? "a message of another kind"
                      : "not a push");
  auto result = std::get_if<push>(&*decoded);
  if (!result)
    return rejected("a message that is not for clients");
  result->entry = entry;
  result->ttl = std::min<milliseconds>(milliseconds{left}, longest_ttl);
  // The receipt knows already that it is kept, so no report is sent.
  result->reply_to.clear();
  result->want = receipt_level::routed;
  return std::move(*result);
}

} // namespace

void commands::load() {
  for (auto script : {&check_script, &recount_script, &push_script,
                      &record_script, &read_script, &reject_script,
                      &dead_letter_script, &confirm_script, &claim_script})
    load(*script);
}

void commands::load(const script& script) {
  redis_.send({"SCRIPT", "LOAD", script.text}, [](const caf::expected<reply>&) {
    // If this fails, `eval` fails with the same error.
  });
}

void commands::check(bool every_command, handler<check_result> then) {
  // Ids contain no slash, so these keys do not exist.
  auto unused = push_address::id("/");
  eval(check_script,
       {inbox_of(unused), due_of(unused), config_.prefix + ":once:/",
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

void commands::publish(const push_address& address, const push& push,
                       handler<outcome> then) {
  auto channel = channel_of(address);
  if (push.ttl.count() == 0 && push.key.empty())
    return publish(
      std::move(channel), encode(push),
      [result = outcome{push.id, push.want},
       then = std::move(then)](const caf::expected<uint64_t>& nodes) mutable {
        if (!nodes)
          return then(nodes.error());
        result.counts.nodes = *nodes;
        then(std::move(result));
      });
  auto text = [](auto number) { return std::to_string(number.count()); };
  auto expected = static_cast<int64_t>(environment_.expected_nodes());
  eval(
    push_script,
    {inbox_of(address), due_of(address), config_.prefix + ":once:" + push.key},
    make_command(
      channel, encode(push), text(push.ttl),
      std::to_string(config_.mailbox_limit),
      push.key.empty() ? "" : sha256(request_fingerprint(channel, push)),
      push.id, std::to_string(static_cast<unsigned>(push.want)),
      channel_of_node(config_.node), text(milliseconds{push.wait + grace}),
      text(milliseconds{key_time}), channel_of_nodes()),
    [this, push, expected,
     then = std::move(then)](const caf::expected<reply>& x) {
      auto result
        = x ? outcome_of(push, *x) : caf::expected<outcome>{x.error()};
      if (result && result->kept && config_.replicas > 0)
        await_replicas(*std::move(result), then);
      else if (result && !result->kept && x->items.size() == 3
               && x->items[1].number == 0 && x->items[2].number < expected)
        then(caf::error{errc::nodes_missing});
      else
        then(std::move(result));
    });
}

void commands::publish(std::string channel, std::string message,
                       handler<uint64_t> then) {
  // Kept until the reply: the only copy of the message for a second attempt.
  auto words = std::make_shared<const command>(
    make_command("PUBLISH", std::move(channel), std::move(message)));
  send(*words,
       [this, words, then = std::move(then)](const caf::expected<reply>& x) {
         auto nodes = number_of(x);
         if (nodes && *nodes == 0)
           recount((*words)[1], (*words)[2], then);
         else
           then(std::move(nodes));
       });
}

void commands::recount(const std::string& channel, const std::string& message,
                       handler<uint64_t> then) {
  // Taken before the count: a node that returns meanwhile is counted.
  auto expected = static_cast<int64_t>(environment_.expected_nodes());
  eval(recount_script, {}, {channel, message, channel_of_nodes()},
       [expected, then = std::move(then)](const caf::expected<reply>& x) {
         if (!x)
           then(x.error());
         else if (x->items.size() != 2)
           then(unexpected());
         else if (x->items[0].number == 0 && x->items[1].number < expected)
           then(caf::error{errc::nodes_missing});
         else
           then(static_cast<uint64_t>(x->items[0].number));
       });
}

void commands::await_replicas(outcome result, handler<outcome> then) {
  redis_.await_replicas(
    config_.replicas,
    [this, result = std::move(result), then](const caf::expected<reply>& x) {
      auto replicas = number_of(x);
      if (replicas && *replicas >= config_.replicas)
        then(result);
      else
        then(caf::error{errc::unanswered});
    });
}

void commands::record_outcome(const std::string& key, const outcome& outcome) {
  eval(record_script, {config_.prefix + ":once:" + key},
       {outcome.push, is_nobody(outcome) ? "" : encode(outcome)},
       [](const caf::expected<reply>&) {
         // If this fails, a retry with the key gets the initial record.
       });
}

void commands::read(const inbox_query& query, rejection_handler on_rejected,
                    handler<inbox_page> then) {
  if (!query.upto.empty())
    return read_page(query, on_rejected, then);
  // Most mailboxes are empty, and a script takes Redis far longer.
  send({"XLEN", inbox_of(query.address)},
       [this, query, on_rejected, then](const caf::expected<reply>& x) {
         auto entries = number_of(x);
         if (!entries)
           then(entries.error());
         else if (*entries == 0)
           then(inbox_page{});
         else
           read_page(query, on_rejected, then);
       });
}

void commands::read_page(const inbox_query& query,
                         const rejection_handler& on_rejected,
                         const handler<inbox_page>& then) {
  eval(read_script, {inbox_of(query.address), due_of(query.address)},
       {query.after, query.upto, std::to_string(query.max_bytes)},
       [this, query, on_rejected, then](const caf::expected<reply>& x) {
         if (!x)
           return then(x.error());
         auto& items = x->items;
         if (items.size() < 2 || items.size() % 3 != 2)
           return then(unexpected());
         inbox_page result{{}, items[0].text, items[1].number != 0};
         auto now = milliseconds_since_1970();
         for (size_t i = 2; i < items.size(); i += 3) {
           auto& entry = items[i].text;
           auto& message = items[i + 1].text;
           auto kept = to_kept(entry, message, items[i + 2].number);
           if (!kept) {
             auto& context = kept.error().context();
             auto reason = context.get_as<std::string>(0);
             reject(query.address, entry, message, reason);
             on_rejected(query.address, reason);
             continue;
           }
           // The clocks of Redis and this node may differ.
           result.age
             += std::max(now - milliseconds{to_number(entry)}, milliseconds{0});
           result.pushes.push_back(*std::move(kept));
         }
         if (!result.pushes.empty() || !result.more)
           return then(std::move(result));
         // No entry of this page can be decoded; later ones may.
         auto rest = query;
         rest.after = items[items.size() - 3].text;
         rest.upto = result.upto;
         read_page(rest, on_rejected, then);
       });
}

void commands::reject(const push_address& address, const std::string& entry,
                      const std::string& message, const std::string& reason) {
  auto mailbox = inbox_of(address);
  eval(reject_script, {mailbox, due_of(address), dead_letters()},
       {entry, max_dead_letters, "message", message.substr(0, dead_letter_size),
        "reason", reason, "node", config_.node, "key", mailbox},
       [](const caf::expected<reply>&) {
         // If this fails, the next read rejects the entry again.
       });
}

void commands::dead_letter(const std::string& message,
                           const std::string& reason, handler<uint64_t> then) {
  eval(dead_letter_script,
       {dead_letters(), config_.prefix + ":dead:" + sha1(message)},
       {config_.node, dead_letter_time, max_dead_letters, "message",
        message.substr(0, dead_letter_size), "reason", reason, "node",
        config_.node},
       [then](const caf::expected<reply>& x) { then(number_of(x)); });
}

void commands::confirm(const push_address& address, const std::string& entry,
                       handler<uint64_t> then) {
  // MINID is the first entry that is not removed.
  auto dash = entry.find('-') + 1;
  auto next
    = entry.substr(0, dash) + std::to_string(to_number(entry.substr(dash)) + 1);
  eval(confirm_script, {inbox_of(address), due_of(address)}, {next},
       [then](const caf::expected<reply>& x) { then(number_of(x)); });
}

void commands::claim(const push_address& address, handler<uint64_t> then) {
  eval(claim_script, {config_.prefix + ":owner:" + std::string{address.name()}},
       {channel_of(address), encode_claim()},
       [then](const caf::expected<reply>& x) { then(number_of(x)); });
}

void commands::owner(const push_address& address, handler<uint64_t> then) {
  send({"GET", config_.prefix + ":owner:" + std::string{address.name()}},
       [then](const caf::expected<reply>& x) { then(number_of(x)); });
}

void commands::presence(const push_address& address, handler<uint64_t> then) {
  auto expected = static_cast<int64_t>(environment_.expected_nodes());
  send({"PUBSUB", "NUMSUB", channel_of(address), channel_of_nodes()},
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

void commands::tell(const std::string& node, const node_message& message,
                    handler<uint64_t> then) {
  send(make_command("PUBLISH", channel_of_node(node), encode(message)),
       [then = std::move(then)](const caf::expected<reply>& x) {
         then(number_of(x));
       });
}

void commands::eval(const script& script, std::vector<std::string> keys,
                    std::vector<std::string> arguments, handler<reply> then) {
  auto words = std::make_shared<command>(
    make_command("EVALSHA", script.sha, std::to_string(keys.size())));
  for (auto part : {&keys, &arguments})
    words->insert(words->end(), std::make_move_iterator(part->begin()),
                  std::make_move_iterator(part->end()));
  redis_.send(*words, [this, words, &script,
                       then = std::move(then)](caf::expected<reply> x) {
    if (x && x->type == reply::kind::error && x->text.starts_with("NOSCRIPT")) {
      load(script);
      send(*words, then);
    } else if (x && x->type == reply::kind::error) {
      then(refusal(x->text));
    } else {
      then(std::move(x));
    }
  });
}

void commands::send(const command& command, handler<reply> then) {
  redis_.send(command, [this, then = std::move(then)](caf::expected<reply> x) {
    if (x && x->type == reply::kind::error)
      then(refusal(x->text));
    else
      then(std::move(x));
  });
}

caf::error commands::refusal(const std::string& text) {
  auto kind = impairment_of(text);
  if (kind == impairment::none)
    return {errc::refused, text};
  environment_.on_impaired(kind, text);
  return {errc::bus_away, text};
}

std::string commands::inbox_of(const push_address& address) const {
  return config_.prefix + ":mail:" + std::string{address.name()};
}

std::string commands::due_of(const push_address& address) const {
  return config_.prefix + ":due:" + std::string{address.name()};
}

} // namespace waybill::redis
