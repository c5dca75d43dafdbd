// The subscriptions of a bridge: its addresses, through every reconnect.

#include "redis/bridge.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include <spdlog/spdlog.h>

namespace waybill::redis {

namespace {

/// Maximum number of channels in one SUBSCRIBE.
constexpr size_t batch_size = 1000;

} // namespace

void bridge::on(link_up& event) {
  if (retiring_)
    return redis_->reset("its master has no slots");
  linked_ = true;
  client_ = event.client;
  first_canary_ = canaries_ + 1;
  up_since_ = clock().now();
  silence_.on_proof(up_since_);
  lag_.reset();
  health_.on_link_up();
  commands_.load();
  check();
  read_info({"INFO"});
  if (!config_.cluster || part_.has_open_channel)
    subscribe_open();
  set_farewell();
  std::vector<std::string> channels{own_channel_};
  for (auto& [channel, held] : entries_) {
    if (channel == nodes_channel_)
      continue;
    if (channels.size() == batch_size)
      subscribe(std::exchange(channels, {}));
    channels.push_back(channel);
  }
  // Last, since nodes count each other by it: a node that holds it must hold
  // all others.
  channels.push_back(nodes_channel_);
  subscribe(std::move(channels));
}

void bridge::on(link_down& event) {
  if (linked_) {
    ++counts_[metric::links_lost];
    spdlog::warn("WB-204 Redis is away: {} ({})", event.reason, config_.server);
  } else {
    complain_of_redis("WB-202", "Redis cannot be reached: " + event.reason);
  }
  linked_ = false;
  health_.on_link_down(event.reason);
  lag_.reset();
  unconfirmed_.clear();
  fence_.on_lost();
  for (auto i = entries_.begin(); i != entries_.end();) {
    answer_attach(i->second, errc::bus_away);
    forget(i++);
  }
  given_up_.clear();
  revoked_.clear();
  update();
  // The next masters have the addresses.
  if (retiring_ && holder_)
    send(holder_, bus_state::ready);
}

void bridge::on(subscribed& event) {
  if (!confirm_subscription(event.channel) || !is_ready())
    return;
  if (auto held = entries_.find(event.channel);
      held != entries_.end() && held->second.attached.pending())
    complete_attachment(held->second);
}

bool bridge::confirm_subscription(const std::string& channel) {
  silence_.on_proof(clock().now());
  auto i = unconfirmed_.find(channel);
  if (i == unconfirmed_.end() || --i->second > 0)
    return false;
  unconfirmed_.erase(i);
  if (!is_ready() && unconfirmed_.empty())
    send_canary();
  return true;
}

void bridge::on(unsubscribed& event) {
  auto i = entries_.find(event.channel);
  if (i == entries_.end())
    return;
  if (!i->second.detached.empty()) {
    i->second.detached.front().deliver(ok_atom_v);
    i->second.detached.pop_front();
  }
  forget(i);
}

void bridge::on(revoked& event) {
  if (event.rejected)
    confirm_subscription(event.channel);
  on_redirected(event.error);
  auto i = entries_.find(event.channel);
  if (i == entries_.end() || event.channel == nodes_channel_)
    revoked_.push_back(event.channel);
  if (i == entries_.end())
    return;
  auto& held = i->second;
  answer_attach(held, errc::bus_away);
  for (auto& promise : std::exchange(held.detached, {}))
    promise.deliver(ok_atom_v);
  auto address = held.address;
  auto was_held = held.held;
  entries_.erase(i);
  if (!was_held)
    return;
  lose({std::move(address)});
  // The router knows the next master already, unless two name each other.
  auto is_moved = !event.rejected
                  || (event.error.starts_with("MOVED ")
                      && rejected_.insert(event.channel).second);
  (is_moved ? attaches_again_ : retry_) = true;
}

caf::result<bool> bridge::attach_address(const push_address& address) {
  auto channel = commands_.channel_of(address);
  auto& held = entries_[channel];
  held.address = address;
  auto is_known = std::exchange(held.held, true);
  if (!linked_)
    return errc::bus_away;
  // A second attach supersedes the first, whose caller still gets an error.
  answer_attach(held, errc::detached);
  auto result = held.attached = make_response_promise<bool>();
  if (!is_known)
    subscribe({channel});
  else if (is_ready() && !unconfirmed_.contains(channel))
    complete_attachment(held);
  return result;
}

void bridge::complete_attachment(held_address& held) {
  if (held.address.is_id()) {
    auto on_topics = completing(held, &bridge::on_topics);
    held.has_mail = true;
    // The reply comes before that for the topics, unless a master redirects the
    // command. Without it, the session reads its mailbox.
    commands_.count_entries(
      held.address, [this, channel = commands_.channel_of(held.address),
                     number = held.completion](caf::expected<uint64_t> count) {
        if (auto held = find_completing(channel, number))
          held->has_mail = !count || *count > 0;
      });
    commands_.topics(held.address, std::move(on_topics));
  } else if (held.address.is_topic())
    commands_.value(held.address, completing(held, &bridge::on_value));
  else
    answer_attach(held, caf::none);
}

held_address* bridge::find_completing(const std::string& channel,
                                      uint64_t completion) {
  auto found = entries_.find(channel);
  return found != entries_.end() && found->second.completion == completion
           ? &found->second
           : nullptr;
}

template <class T>
commands::handler<T> bridge::completing(held_address& held,
                                        bool (bridge::*on_kept)(held_address&,
                                                                uint64_t, T&)) {
  held.completion = ++completions_;
  return [this, on_kept, channel = commands_.channel_of(held.address),
          number = held.completion](caf::expected<T> x) {
    auto found = find_completing(channel, number);
    if (!found)
      return;
    auto& held = *found;
    if (x && !(this->*on_kept)(held, number, *x))
      return;
    auto can_be_read
      = !x
        && (x.error() != errc::refused || commands::is_redirected(x.error()));
    if (!can_be_read) {
      // What can never be read keeps no session waiting.
      if (!x) {
        ++counts_[metric::bad_messages];
        complain(x.error());
      }
      answer_attach(held, caf::none);
    } else {
      on_failed(x.error());
      answer_attach(held, errc::bus_away);
    }
  };
}

bool bridge::on_topics(held_address& held, uint64_t, kept_topics& topics) {
  if (!topics.empty())
    send(holder_, topics_atom_v, held.address, std::move(topics));
  return true;
}

bool bridge::on_value(held_address& held, uint64_t completion,
                      std::optional<last_value>& value) {
  if (!value)
    return true;
  // Pushes from before it was read may still arrive, itself among them.
  auto handler = [this, channel = commands_.channel_of(held.address),
                  completion, value = *std::move(value)](bool has_returned) {
    auto found = find_completing(channel, completion);
    if (!has_returned || !found)
      return;
    auto& held = *found;
    auto has_arrived
      = std::any_of(held.arrived.begin(), held.arrived.end(), [&](auto& x) {
          auto live = std::get_if<push>(&x);
          return live && live->id == value.content.id;
        });
    if (!has_arrived)
      held.arrived.insert(held.arrived.begin(), value);
    answer_attach(held, caf::none);
  };
  fence_.add(canaries_ + 1, std::move(handler));
  return false;
}

void bridge::answer_attach(held_address& held, const caf::error& failure) {
  // The answer comes first: before it, a registry takes no push.
  if (held.attached.pending())
    failure ? held.attached.deliver(failure)
            : held.attached.deliver(held.has_mail);
  held.completion = 0;
  for (auto& message : std::exchange(held.arrived, {}))
    deliveries_.push_back({held.address, std::move(message)});
  flush_deliveries();
}

caf::result<ok_atom> bridge::detach_address(const push_address& address) {
  auto channel = commands_.channel_of(address);
  auto i = entries_.find(channel);
  if (i == entries_.end())
    return ok_atom_v;
  auto& held = i->second;
  held.held = false;
  answer_attach(held, errc::detached);
  auto result = make_response_promise<ok_atom>();
  held.detached.push_back(result);
  if (linked_)
    redis_->unsubscribe({channel});
  else
    forget(i);
  return result;
}

void bridge::forget(entries::iterator i) {
  if (!linked_) {
    for (auto& promise : i->second.detached)
      promise.deliver(ok_atom_v);
    i->second.detached.clear();
  }
  if (!i->second.held && i->second.detached.empty())
    entries_.erase(i);
}

void bridge::subscribe_open() {
  ++unconfirmed_[config_.open_channel];
  redis_->subscribe_open(config_.open_channel);
}

void bridge::subscribe(std::vector<std::string> channels) {
  for (auto& channel : channels)
    ++unconfirmed_[channel];
  redis_->subscribe(std::move(channels));
}

} // namespace waybill::redis
