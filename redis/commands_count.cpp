// The commands of a bridge that count the nodes that hold an address.

#include "redis/commands.hpp"

#include <memory>
#include <utility>

namespace waybill::redis {

namespace {

/// Returns the error for a push that was counted as reaching nobody by a server
/// that then redirected the script that confirms it. A slot that only migrates
/// has its subscribers here; a replica hands on to its master what it counts
/// for nobody.
caf::error uncounted(const caf::error& redirection) {
  auto text = redirection.context().get_as<std::string>(0);
  return text.starts_with("ASK ") || text.starts_with("TRYAGAIN ")
           ? errc::nodes_missing
           : errc::unanswered;
}

} // namespace

void commands::count(const std::string& channel, command message,
                     handler<uint64_t> then) {
  // Taken before the count: a node that returns meanwhile is counted.
  auto expected = environment_.expected_nodes();
  message.insert(message.begin(), names_.channel_of_nodes());
  auto publishes = message.size() > 1;
  eval(scripts_.count, {channel}, std::move(message),
       [this, channel, publishes, expected,
        then = std::move(then)](const caf::expected<reply>& x) {
         if (!x && is_redirected(x.error()) && publishes)
           // Without the slot, it was another master that counted.
           then(environment_.has_slot(channel)
                  ? uncounted(x.error())
                  : caf::error{errc::nodes_missing});
         else if (!x && is_redirected(x.error()))
           count_migrating(channel, then);
         else if (!x)
           then(x.error());
         else if (x->items.size() != 2)
           then(unexpected_reply());
         else if (x->items[0].number == 0
                  && !proves_absence(channel, x->items[1].number, expected))
           then(publishes ? environment_.uncounted()
                          : caf::error{errc::nodes_missing});
         else
           then(static_cast<uint64_t>(x->items[0].number));
       },
       {redirect_policy::kind::none});
}

bool commands::proves_absence(const std::string& channel, int64_t present,
                              size_t expected) {
  return present >= static_cast<int64_t>(expected)
         && !environment_.has_moved(channel);
}

void commands::count_migrating(const std::string& channel,
                               handler<uint64_t> handler) {
  redis_.send({"PUBSUB", "SHARDNUMSUB", channel},
              [handler](const caf::expected<reply>& x) {
                if (!x)
                  handler(x.error());
                else if (x->items.size() == 2 && x->items[1].number > 0)
                  handler(static_cast<uint64_t>(x->items[1].number));
                else
                  handler(caf::error{errc::nodes_missing});
              });
}

void commands::count_nodes(handler<uint64_t> handler) {
  redis_.send({"PUBSUB", config_.cluster ? "SHARDNUMSUB" : "NUMSUB",
               names_.channel_of_nodes()},
              [handler](const caf::expected<reply>& x) {
                if (!x)
                  handler(x.error());
                else if (x->items.size() == 2)
                  handler(number_of(x->items[1]));
                else
                  handler(unexpected_reply());
              });
}

void commands::presence(const push_address& address, handler<uint64_t> then) {
  if (config_.cluster)
    return count(channel_of(address), {}, std::move(then));
  auto expected = static_cast<int64_t>(environment_.expected_nodes());
  send(std::make_shared<const command>(make_command(
         "PUBSUB", "NUMSUB", channel_of(address), names_.channel_of_nodes())),
       [expected, then](const caf::expected<reply>& x) {
         if (!x)
           return then(x.error());
         if (x->items.size() != 4)
           return then(unexpected_reply());
         if (x->items[1].number == 0 && x->items[3].number < expected)
           then(caf::error{errc::nodes_missing});
         else
           then(number_of(x->items[1]));
       });
}

} // namespace waybill::redis
