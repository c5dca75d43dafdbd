// The commands of a bridge for topics that are kept for ids, and for the last
// values of topics.

#include "redis/commands.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace waybill::redis {

using std::chrono::milliseconds;

namespace {

/// Converts the reply to TIME into milliseconds since 1970.
int64_t to_milliseconds(const reply& x) {
  if (x.items.size() != 2)
    return 0;
  return static_cast<int64_t>(to_number(x.items[0].text) * 1000
                              + to_number(x.items[1].text) / 1000);
}

} // namespace

void commands::publish(const push_address& address, const query& query,
                       handler<uint64_t> then) {
  auto channel = channel_of(address);
  if (!changes_kept(query))
    return publish(std::move(channel), encode(query), redirect_policy{}.time,
                   std::move(then));
  // Taken before the count: a node that returns meanwhile is counted.
  auto expected = environment_.expected_nodes();
  eval(
    scripts_.change,
    {address.is_topic() ? names_.last_of(address) : names_.topics_of(address)},
    {channel, encode(query), names_.channel_of_nodes(), query.subject,
     std::to_string(query.ttl.count())},
    [this, channel, expected, type = query.type,
     then = std::move(then)](const caf::expected<reply>& x) {
      if (!x)
        then(x.error());
      else if (x->items.size() != 2)
        then(unexpected_reply());
      // Nodes that are missing read the kept data when they are back, but their
      // sessions leave no topic by that.
      else if (type == query::kind::unsubscribe && x->items[0].number == 0
               && !proves_absence(channel, x->items[1].number, expected))
        then(environment_.uncounted());
      else
        then(static_cast<uint64_t>(x->items[0].number));
    },
    {redirect_policy::kind::stay});
}

void commands::topics(const push_address& address, handler<kept_topics> then) {
  send(std::make_shared<const command>(make_command(
         "ZRANGE", names_.topics_of(address), "0", "-1", "WITHSCORES")),
       [this, then = std::move(then)](const caf::expected<reply>& x) {
         if (!x)
           then(x.error());
         else if (x->items.empty())
           then(kept_topics{});
         else
           end_times(x->items, then);
       });
}

void commands::end_times(std::vector<reply> scored, handler<kept_topics> then) {
  redis_.send({"TIME"}, [scored = std::move(scored), then = std::move(then)](
                          const caf::expected<reply>& x) {
    if (!x)
      return then(x.error());
    auto now = to_milliseconds(*x);
    kept_topics result;
    for (size_t i = 0; i + 1 < scored.size(); i += 2) {
      auto left = static_cast<int64_t>(to_number(scored[i + 1].text)) - now;
      // Another client of Redis may have stored anything.
      if (left > 0 && is_name(scored[i].text))
        result.push_back(
          {push_address::topic(scored[i].text),
           std::min<milliseconds>(milliseconds{left}, longest_ttl)});
    }
    then(std::move(result));
  });
}

void commands::value(const push_address& address,
                     handler<std::optional<last_value>> then) {
  auto key = names_.last_of(address);
  send(std::make_shared<const command>(make_command("GET", key)),
       [this, key, then = std::move(then)](const caf::expected<reply>& x) {
         if (!x)
           return then(x.error());
         if (x->type != reply::kind::text)
           return then(std::optional<last_value>{});
         auto decoded = decode(x->text);
         auto found = decoded ? std::get_if<push>(&*decoded) : nullptr;
         if (!found)
           return then(caf::error{errc::refused, key + " is no push"});
         read_end(key, last_value{std::move(*found)}, then);
       });
}

void commands::read_end(const std::string& key, last_value value,
                        handler<std::optional<last_value>> then) {
  send(std::make_shared<const command>(make_command("PTTL", key)),
       [value = std::move(value),
        then = std::move(then)](const caf::expected<reply>& x) mutable {
         if (!x)
           return then(x.error());
         if (x->type != reply::kind::number || x->number <= 0)
           return then(std::optional<last_value>{});
         // The receipt of the push counts the sessions that it was sent to.
         value.content.want = receipt_level::routed;
         value.content.reply_to.clear();
         value.content.retain
           = std::min<milliseconds>(milliseconds{x->number}, longest_ttl);
         then(std::optional{std::move(value)});
       });
}

} // namespace waybill::redis
