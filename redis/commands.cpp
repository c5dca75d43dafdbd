#include "redis/commands.hpp"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "actors/core/idempotency_store.hpp"
#include "redis/digest.hpp"
#include "redis/redirection.hpp"

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

/// Converts an error of Redis that affects `kind`.
caf::error error_of(impairment kind, std::string text) {
  return {kind == impairment::none ? errc::refused : errc::bus_away,
          std::move(text)};
}

/// Converts the reply of the script `push`.
/// @param sent is the outcome of a push that was sent, without counts.
caf::expected<outcome> outcome_of(outcome sent, const reply& x) {
  auto& items = x.items;
  auto status = items.empty() ? "" : items[0].text;
  if (status == "sent" && items.size() == 3) {
    sent.counts.nodes = static_cast<uint64_t>(items[1].number);
    return sent;
  }
  if (status == "full")
    return errc::inbox_full;
  if (status == "other")
    return errc::key_reused;
  if (status == "waiting")
    return errc::in_flight;
  if (status == "recorded" && items.size() >= 5)
    return at_level(recorded_outcome(items), sent.want);
  return unexpected_reply();
}

} // namespace

void commands::load() {
  auto& all = scripts_;
  for (auto script : {&all.check, &all.count, &all.push, &all.record, &all.read,
                      &all.dead_letter, &all.confirm, &all.change, &all.claim})
    load(*script);
}

void commands::load(const script& script) {
  redis_.send({"SCRIPT", "LOAD", script.text}, [](const caf::expected<reply>&) {
    // If this fails, `eval` fails with the same error.
  });
}

void commands::check(bool every_command, handler<check_result> then) {
  auto& unused = names_.unused_address();
  eval(scripts_.check,
       {names_.inbox_of(unused), names_.due_of(unused),
        names_.once_of(unused, ""), names_.owner_of(unused),
        names_.topics_of(unused), names_.last_of(unused)},
       {every_command ? "all" : "first"},
       [then](const caf::expected<reply>& x) {
         if (!x)
           then(x.error());
         else if (x->items.size() == 3)
           then(check_result{x->items[0].text, x->items[1].text,
                             x->items[2].text});
         else
           then(unexpected_reply());
       },
       {redirect_policy::kind::none});
}

void commands::publish(const push_address& address, const push& push,
                       handler<outcome> then) {
  auto channel = channel_of(address);
  // The pusher gets the reason before its own time is up.
  auto time = push.wait * 3 / 4;
  if (!is_kept(push) && push.key.empty())
    return publish(
      std::move(channel), encode(push), time,
      [result = outcome{push.id, push.want},
       then = std::move(then)](const caf::expected<uint64_t>& nodes) mutable {
        if (!nodes)
          return then(nodes.error());
        result.counts.nodes = *nodes;
        then(std::move(result));
      });
  auto text = [](auto number) { return std::to_string(number.count()); };
  auto expected = environment_.expected_nodes();
  // Only a push that is kept is not lost where no node subscribes yet; and
  // replicas are asked here.
  auto is_mobile = push.ttl.count() > 0 && config_.replicas == 0;
  std::vector<std::string> keys;
  if (push.ttl.count() > 0)
    keys = {names_.inbox_of(address), names_.due_of(address)};
  auto collapses = push.ttl.count() > 0 && !push.collapse.empty();
  auto is_value = push.retain.count() > 0;
  if (collapses)
    keys.push_back(names_.collapse_of(address, push.collapse));
  if (is_value)
    keys.push_back(names_.last_of(address));
  auto arguments = make_command(
    channel, encode(push), text(is_value ? push.retain : push.ttl),
    is_value ? "" : std::to_string(config_.mailbox_limit),
    names_.channel_of_nodes(), collapses ? "1" : "");
  if (!push.key.empty()) {
    keys.push_back(names_.once_of(address, push.key));
    for (auto& argument : make_command(
           fingerprint_of(config_, address, push), push.id,
           std::to_string(static_cast<unsigned>(push.want)),
           names_.channel_of_node(config_.node),
           text(milliseconds{push.wait + grace}), text(milliseconds{key_time})))
      arguments.push_back(argument);
  }
  eval(scripts_.push, std::move(keys), std::move(arguments),
       [this, sent = outcome{push.id, push.want, is_kept(push)}, channel,
        expected, then = std::move(then)](const caf::expected<reply>& x) {
         auto result
           = x ? outcome_of(sent, *x) : caf::expected<outcome>{x.error()};
         auto is_new = result && x->items.size() == 3;
         if (result && result->kept && config_.replicas > 0)
           await_replicas(channel, *std::move(result), then);
         else if (is_new && !result->kept && x->items[1].number == 0
                  && !proves_absence(channel, x->items[2].number, expected))
           then(environment_.uncounted());
         else
           then(std::move(result));
       },
       {is_mobile ? redirect_policy::kind::follow : redirect_policy::kind::stay,
        time});
}

void commands::publish(std::string channel, std::string message,
                       milliseconds time, handler<uint64_t> then) {
  // Kept until the reply: the only copy of the message for a second attempt.
  auto words = std::make_shared<const command>(
    make_command(publish_command(), std::move(channel), std::move(message)));
  send(words,
       [this, words, then = std::move(then)](const caf::expected<reply>& x) {
         auto nodes = number_of(x);
         if (nodes && *nodes == 0)
           count((*words)[1], {(*words)[2]}, then);
         else
           then(std::move(nodes));
       },
       {redirect_policy::kind::stay, time});
}

void commands::publish_proof(const std::string& channel,
                             const std::string& message,
                             reply_handler handler) {
  auto words = std::make_shared<const command>(
    make_command("EVALSHA", scripts_.count.sha, "1", channel,
                 names_.channel_of_nodes(), message));
  redis_.send(*words, [this, words,
                       handler = std::move(handler)](caf::expected<reply> x) {
    auto is = [&x](const char* beginning) {
      return x && x->type == reply::kind::error
             && x->text.starts_with(beginning);
    };
    if (is("NOSCRIPT")) {
      load(scripts_.count);
      redis_.send(*words, handler);
    } else if (is("ASK ")) {
      // Only the master of a slot that migrates replies this.
      redis_.send({publish_command(), (*words)[3], (*words)[5]}, handler);
    } else {
      handler(std::move(x));
    }
  });
}

command commands::message_to_nodes(std::string message) const {
  return make_command(publish_command(), names_.channel_of_nodes(),
                      std::move(message));
}

bool commands::is_redirected(const caf::error& error) {
  return error == errc::refused
         && redirection::parse(error.context().get_as<std::string>(0), {});
}

void commands::await_replicas(const std::string& channel, outcome result,
                              handler<outcome> then) {
  // Another master has it, which has other replicas.
  if (!environment_.has_slot(channel))
    return then(caf::error{errc::unanswered});
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

void commands::pass_upstream(const client_message& message,
                             handler<reply> then) {
  command words;
  if (config_.upstream_limit == 0) {
    words = make_command("PUBLISH", names_.upstream(), encode(message));
  } else {
    words = make_command("XADD", names_.upstream(), "MAXLEN", "~",
                         std::to_string(config_.upstream_limit), "*");
    for (auto& [name, value] : fields_of(message)) {
      words.push_back(std::move(name));
      words.push_back(std::move(value));
    }
  }
  send(std::make_shared<const command>(std::move(words)), std::move(then));
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
  send(std::make_shared<const command>(
         make_command("GET", names_.owner_of(address))),
       [then](const caf::expected<reply>& x) { then(number_of(x)); });
}

void commands::tell(const std::string& node, const node_message& message,
                    handler<uint64_t> then) {
  send(std::make_shared<const command>(make_command(
         publish_command(), names_.channel_of_node(node), encode(message))),
       [then = std::move(then)](const caf::expected<reply>& x) {
         then(number_of(x));
       });
}

void commands::eval(const script& script, std::vector<std::string> keys,
                    std::vector<std::string> arguments, handler<reply> then,
                    redirect_policy policy) {
  auto words = std::make_shared<command>();
  words->reserve(3 + keys.size() + arguments.size());
  words->emplace_back("EVALSHA");
  words->push_back(script.sha);
  words->push_back(std::to_string(keys.size()));
  for (auto part : {&keys, &arguments})
    words->insert(words->end(), std::make_move_iterator(part->begin()),
                  std::make_move_iterator(part->end()));
  redis_.send(*words, [this, words, &script, policy,
                       then = std::move(then)](caf::expected<reply> x) {
    if (x && x->type == reply::kind::error && x->text.starts_with("NOSCRIPT")) {
      load(script);
      send(words, then, policy);
    } else if (x && x->type == reply::kind::error) {
      on_error(words, std::move(x->text), policy, then);
    } else {
      then(std::move(x));
    }
  });
}

void commands::send(command_ptr words, handler<reply> then,
                    redirect_policy policy) {
  auto& sent = *words;
  redis_.send(sent, [this, words = std::move(words), policy,
                     then = std::move(then)](caf::expected<reply> x) {
    if (x && x->type == reply::kind::error)
      on_error(words, std::move(x->text), policy, then);
    else
      then(std::move(x));
  });
}

void commands::on_error(const command_ptr& words, std::string text,
                        redirect_policy policy, const handler<reply>& handler) {
  auto kind = impairment_of(text);
  auto is_redirect = config_.cluster && redirection::parse(text, {});
  if (!is_redirect && kind != impairment::none)
    environment_.on_impaired(kind, text);
  auto passes
    = is_redirect || (config_.cluster && kind == impairment::commands);
  if (!passes || policy.type == redirect_policy::kind::none) {
    if (is_redirect)
      environment_.on_redirected(text);
    return handler(
      error_of(is_redirect ? impairment::none : kind, std::move(text)));
  }
  auto follows_ask = policy.type == redirect_policy::kind::follow;
  environment_.redirect({*words, std::move(text), policy.time, follows_ask},
                        [handler](caf::expected<reply> x) {
                          // The error is about another server.
                          if (x && x->type == reply::kind::error)
                            handler(error_of(impairment_of(x->text), x->text));
                          else
                            handler(std::move(x));
                        });
}

} // namespace waybill::redis
