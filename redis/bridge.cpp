#include "redis/bridge.hpp"

#include <charconv>
#include <functional>
#include <utility>
#include <variant>

#include <spdlog/spdlog.h>

#include "redis/codec.hpp"

namespace waybill::redis {

namespace {

constexpr auto canary_interval = std::chrono::milliseconds{500};

/// Without a canary for so long, the link is dropped.
constexpr auto longest_silence = std::chrono::seconds{3};

/// How many channels go into one SUBSCRIBE.
constexpr size_t batch_size = 1000;

/// How much of a message is kept in a dead letter, in bytes.
constexpr size_t dead_letter_size = 4096;

/// About how many dead letters are kept.
constexpr auto max_dead_letters = "10000";

} // namespace

bridge::bridge(caf::actor_config& cfg, caf::execution_unit* host,
               bridge_config config, port_ptr redis)
    : hosted(cfg, host), config_(std::move(config)),
      own_channel_(config_.prefix + ":node:" + config_.node),
      redis_(std::move(redis)), proof_(clock().now()),
      last_complaint_(proof_ - std::chrono::seconds{1}), counts_{
                                                           {"pushes", 0},
                                                           {"bad_messages", 0},
                                                           {"links_lost", 0},
                                                           {"upstream_dropped",
                                                            0}} {
  // nop
}

const char* bridge::name() const {
  return "waybill.bridge";
}

void bridge::on_exit() {
  // The port is bound to the loop, which this actor may outlive.
  redis_->stop();
  redis_ = nullptr;
  // Promises refer to the actor that made them, and observers to their bus.
  entries_.clear();
  observers_.clear();
}

bridge::behavior_type bridge::make_behavior() {
  redis_->start(this);
  delayed_send(this, canary_interval, tick_atom_v);
  return {
    [this](subscribe_atom, const observer_actor& observer) {
      observers_.push_back(observer);
      send(observer, state_);
    },
    [this](attach_atom, const push_address& where, const registry_actor& who) {
      auto channel = channel_of(where);
      auto& held = entries_[channel];
      held.where = where;
      held.holder = who;
      held.held = true;
      held.attached = make_response_promise<ok_atom>();
      auto result = held.attached;
      subscribe({channel});
      return result;
    },
    [this](detach_atom, const push_address& where, const registry_actor&) {
      auto result = make_response_promise<ok_atom>();
      auto channel = channel_of(where);
      auto i = entries_.find(channel);
      if (i == entries_.end())
        return result.deliver(ok_atom_v);
      auto& held = i->second;
      held.held = false;
      if (held.attached.pending())
        held.attached.deliver(errc::detached);
      held.detached.push_back(result);
      if (linked_)
        redis_->unsubscribe({channel});
      else
        forget(i);
      return result;
    },
    [this](publish_atom, const push_address& where, const push& what) {
      ++counts_["pushes"];
      return ask({"PUBLISH", channel_of(where), encode(what)},
                 [](const reply& x) { return &x; });
    },
    [this](presence_atom, const push_address& where) {
      return ask({"PUBSUB", "NUMSUB", channel_of(where)}, [](const reply& x) {
        return x.items.size() == 2 ? &x.items[1] : nullptr;
      });
    },
    [this](state_atom) { return state_; },
    [this](get_atom) { return counts_; },
    [this](events& what) {
      for (auto& each : what.all)
        std::visit([this](auto& x) { on(x); }, each);
    },
    [this](const client_message& what) {
      if (state_ == bus_state::away
          || redis_->backlog() > config_.max_backlog) {
        ++counts_["upstream_dropped"];
        return;
      }
      redis_->send({"PUBLISH", config_.prefix + ":upstream", encode(what)},
                   [this](const caf::expected<reply>& x) {
                     if (!x || x->type != reply::kind::number)
                       ++counts_["upstream_dropped"];
                   });
    },
    [this](tick_atom) { on_tick(); },
  };
}

// -- the link -----------------------------------------------------------------

void bridge::on(link_up&) {
  linked_ = true;
  first_canary_ = canaries_ + 1;
  proof_ = clock().now();
  std::vector<std::string> channels{own_channel_, config_.open_channel};
  for (auto& [channel, held] : entries_) {
    if (channels.size() == batch_size)
      subscribe(std::exchange(channels, {}));
    channels.push_back(channel);
  }
  subscribe(std::move(channels));
}

void bridge::on(link_down& what) {
  if (linked_) {
    ++counts_["links_lost"];
    spdlog::warn("Redis is away: {}", what.reason);
  } else {
    complain("Redis cannot be reached: " + what.reason);
  }
  linked_ = false;
  unconfirmed_.clear();
  for (auto i = entries_.begin(); i != entries_.end();)
    forget(i++);
  become(bus_state::away);
}

void bridge::on(subscribed& what) {
  proof_ = clock().now();
  auto i = unconfirmed_.find(what.channel);
  if (i == unconfirmed_.end() || --i->second > 0)
    return;
  unconfirmed_.erase(i);
  if (auto held = entries_.find(what.channel);
      held != entries_.end() && held->second.attached.pending())
    held->second.attached.deliver(ok_atom_v);
  if (unconfirmed_.empty() && state_ == bus_state::away)
    send_canary();
}

void bridge::on(unsubscribed& what) {
  auto i = entries_.find(what.channel);
  if (i == entries_.end() || i->second.detached.empty())
    return;
  i->second.detached.front().deliver(ok_atom_v);
  i->second.detached.pop_front();
  forget(i);
}

void bridge::forget(std::unordered_map<std::string, entry>::iterator i) {
  if (!linked_) {
    for (auto& each : i->second.detached)
      each.deliver(ok_atom_v);
    i->second.detached.clear();
  }
  if (!i->second.held && i->second.detached.empty())
    entries_.erase(i);
}

void bridge::subscribe(std::vector<std::string> channels) {
  if (!linked_)
    return;
  for (auto& channel : channels)
    ++unconfirmed_[channel];
  redis_->subscribe(std::move(channels));
}

void bridge::send_canary() {
  redis_->send({"PUBLISH", own_channel_, std::to_string(++canaries_)},
               [](const caf::expected<reply>&) {
                 // The canary itself is the answer.
               });
}

void bridge::on_tick() {
  delayed_send(this, canary_interval, tick_atom_v);
  if (!linked_)
    return;
  if (clock().now() - proof_ >= longest_silence)
    redis_->reset("nothing came back for three seconds");
  else if (unconfirmed_.empty() || state_ == bus_state::ready)
    send_canary();
}

void bridge::become(bus_state state) {
  if (state_ == state)
    return;
  state_ = state;
  if (state == bus_state::ready)
    spdlog::info("Redis is ready, {} addresses subscribed", entries_.size());
  for (auto& observer : observers_)
    send(observer, state);
}

// -- what comes from Redis ----------------------------------------------------

void bridge::on(answered& what) {
  what.then(std::move(what.what));
}

void bridge::on(message& what) {
  if (what.channel == own_channel_)
    return on_canary(what.bytes);
  if (what.channel == config_.open_channel)
    return on_open_message(what.bytes);
  auto i = entries_.find(what.channel);
  if (i == entries_.end())
    return;
  if (auto x = decode(what.bytes)) {
    send(i->second.holder, deliver_atom_v, i->second.where, *std::move(x));
  } else {
    ++counts_["bad_messages"];
    complain("not a push on channel " + what.channel);
  }
}

void bridge::on_canary(const std::string& bytes) {
  // One from before this link proves nothing about it.
  uint64_t number = 0;
  std::from_chars(bytes.data(), bytes.data() + bytes.size(), number);
  if (number < first_canary_ || number > canaries_)
    return;
  proof_ = clock().now();
  if (unconfirmed_.empty())
    become(bus_state::ready);
}

void bridge::on_open_message(const std::string& bytes) {
  auto parsed = parse_open(bytes, config_.max_body);
  if (!parsed) {
    auto& context = parsed.error().context();
    return bury(bytes, context.get_as<std::string>(0));
  }
  auto i = entries_.find(channel_of(push_address::id(parsed->id)));
  if (i != entries_.end())
    send(i->second.holder, deliver_atom_v, i->second.where,
         push{"", std::move(parsed->body)});
}

void bridge::bury(const std::string& bytes, const std::string& reason) {
  ++counts_["bad_messages"];
  complain("bad message on channel " + config_.open_channel + ": " + reason);
  redis_->send({"XADD", config_.prefix + ":dead", "MAXLEN", "~",
                max_dead_letters, "*", "message",
                bytes.substr(0, dead_letter_size), "reason", reason, "node",
                config_.node},
               [this](const caf::expected<reply>& x) {
                 if (!x || x->type == reply::kind::error)
                   complain("a dead letter was not kept: "
                            + (x ? x->text : system().render(x.error())));
               });
}

// -- small things -------------------------------------------------------------

caf::typed_response_promise<uint64_t>
bridge::ask(command what, std::function<const reply*(const reply&)> pick) {
  auto promise = make_response_promise<uint64_t>();
  if (state_ == bus_state::away)
    return promise.deliver(errc::bus_away);
  redis_->send(std::move(what), [this, promise, pick = std::move(pick)](
                                  caf::expected<reply> x) mutable {
    if (!x) {
      promise.deliver(std::move(x.error()));
      return;
    }
    auto number = pick(*x);
    if (number && number->type == reply::kind::number) {
      promise.deliver(static_cast<uint64_t>(number->number));
    } else {
      complain("Redis refused a command: " + x->text);
      promise.deliver(caf::error{errc::refused, x->text});
    }
  });
  return promise;
}

std::string bridge::channel_of(const push_address& where) const {
  return config_.prefix + ':' + where.key();
}

void bridge::complain(const std::string& line) {
  auto now = clock().now();
  if (now - last_complaint_ < std::chrono::seconds{1})
    return;
  last_complaint_ = now;
  spdlog::warn(line);
}

} // namespace waybill::redis
