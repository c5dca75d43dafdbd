#include "redis/commands.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "actors/core/idempotency_store.hpp"
#include "redis/digest.hpp"

namespace waybill::redis {

using std::chrono::milliseconds;

namespace {

/// Time for which a push may stay in flight after its `wait` has elapsed.
constexpr auto grace = std::chrono::seconds{2};

/// Returns the fingerprint of a push with a key, as release 0.1.0 made it.
std::string fingerprint_of(const bridge_config& config,
                           const push_address& address, const push& push) {
  return sha256(request_fingerprint(config.prefix + ':' + address.key(), push));
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
  return unexpected_reply();
}

} // namespace

void commands::load() {
  auto& all = scripts_;
  for (auto script : {&all.check, &all.count, &all.push, &all.record, &all.read,
                      &all.dead_letter, &all.confirm, &all.claim})
    load(*script);
}

void commands::load(const script& script) {
  redis_.send({"SCRIPT", "LOAD", script.text}, [](const caf::expected<reply>&) {
    // If this fails, `eval` fails with the same error.
  });
}

void commands::check(bool every_command, handler<check_result> then) {
  auto unused = names::unused_address();
  eval(scripts_.check,
       {names_.inbox_of(unused), names_.due_of(unused),
        names_.once_of(unused, ""), names_.owner_of(unused)},
       {every_command ? "all" : "first"},
       [then](const caf::expected<reply>& x) {
         if (!x)
           then(x.error());
         else if (x->items.size() == 3)
           then(check_result{x->items[0].text, x->items[1].text,
                             x->items[2].text});
         else
           then(unexpected_reply());
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
  std::vector<std::string> keys;
  if (push.ttl.count() > 0)
    keys = {names_.inbox_of(address), names_.due_of(address)};
  if (!push.key.empty())
    keys.push_back(names_.once_of(address, push.key));
  eval(scripts_.push, std::move(keys),
       make_command(
         channel, encode(push), text(push.ttl),
         std::to_string(config_.mailbox_limit),
         push.key.empty() ? "" : fingerprint_of(config_, address, push),
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
    make_command(publish_command(), std::move(channel), std::move(message)));
  send(*words,
       [this, words, then = std::move(then)](const caf::expected<reply>& x) {
         auto nodes = number_of(x);
         if (nodes && *nodes == 0)
           count((*words)[1], {(*words)[2]}, then);
         else
           then(std::move(nodes));
       });
}

void commands::count(const std::string& channel, command message,
                     handler<uint64_t> then) {
  // Taken before the count: a node that returns meanwhile is counted.
  auto expected = static_cast<int64_t>(environment_.expected_nodes());
  message.insert(message.begin(), channel_of_nodes());
  eval(scripts_.count, {channel}, std::move(message),
       [expected, then = std::move(then)](const caf::expected<reply>& x) {
         if (!x)
           then(x.error());
         else if (x->items.size() != 2)
           then(unexpected_reply());
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

void commands::record_outcome(const push_address& address,
                              const std::string& key, const outcome& outcome) {
  eval(scripts_.record, {names_.once_of(address, key)},
       {outcome.push, is_nobody(outcome) ? "" : encode(outcome)},
       [](const caf::expected<reply>&) {
         // If this fails, a retry with the key gets the initial record.
       });
}

void commands::claim(const push_address& address, handler<uint64_t> then) {
  eval(scripts_.claim, {names_.owner_of(address)},
       {channel_of(address), encode_claim()},
       [then](const caf::expected<reply>& x) { then(number_of(x)); });
}

void commands::owner(const push_address& address, handler<uint64_t> then) {
  send({"GET", names_.owner_of(address)},
       [then](const caf::expected<reply>& x) { then(number_of(x)); });
}

void commands::presence(const push_address& address, handler<uint64_t> then) {
  count(channel_of(address), {}, std::move(then));
}

void commands::tell(const std::string& node, const node_message& message,
                    handler<uint64_t> then) {
  send(make_command(publish_command(), channel_of_node(node), encode(message)),
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

} // namespace waybill::redis
