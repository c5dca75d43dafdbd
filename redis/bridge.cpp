#include "redis/bridge.hpp"

#include <charconv>
#include <functional>
#include <string_view>
#include <utility>
#include <variant>

#include <spdlog/spdlog.h>

#include "redis/codec.hpp"
#include "redis/open_message.hpp"

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
      redis_(std::move(redis)), store_(config_, *redis_), proof_(clock().now()),
      away_since_(proof_), last_complaint_(proof_ - std::chrono::seconds{1}) {
  for (auto name : {"pushes", "confirmed_pushes", "bad_messages", "links_lost",
                    "upstream_dropped", "gap_milliseconds", "gap_addresses",
                    "name_clashes", "servers_away"})
    counts_[name] = 0;
}

const char* bridge::name() const {
  return "waybill.bridge";
}

void bridge::on_exit() {
  // The port is bound to the loop, which this actor may outlive.
  redis_->stop();
  redis_ = nullptr;
  // Promises refer to the actor that made them, others to their bus.
  entries_.clear();
  observers_.clear();
  fenced_.clear();
  waiting_.clear();
  holder_ = nullptr;
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
      holder_ = who;
      return attach_address(where);
    },
    [this](detach_atom, const push_address& where, const registry_actor&) {
      return detach_address(where);
    },
    [this](publish_atom, const push_address& where, const push& what) {
      return ask<outcome>([&](auto then) {
        counts_["pushes"] += what.what == push::purpose::message;
        store_.publish(where, what, then);
      });
    },
    [this](await_atom, const push_address&, const std::string& id,
           const receipt_actor& who) { waiting_[id] = who; },
    [this](forget_atom, const push_address&, const std::string& id) {
      waiting_.erase(id);
    },
    [this](report_atom, const push_address&, const report& what) {
      take(what);
    },
    [this](probe_atom, const push_address&, const std::string& node,
           const std::string& id) {
      return ask<uint64_t>([&](auto then) {
        store_.tell(node, node_message{config_.node, {}, id}, then);
      });
    },
    [this](settle_atom, const push_address&, const std::string& key,
           const outcome& what) { store_.settle(key, what); },
    [this](read_atom, const mailbox_query& what) { return read(what); },
    [this](confirm_atom, const push_address& where, const std::string& entry) {
      flush_soon();
      outbox_.confirm(where, entry);
    },
    [this](claim_atom, const push_address& where) {
      return ask<uint64_t>([&](auto then) { store_.claim(where, then); });
    },
    [this](presence_atom, const push_address& where) {
      return ask<uint64_t>([&](auto then) { store_.presence(where, then); });
    },
    [this](get_atom, const push_address& where) {
      return ask<uint64_t>([&](auto then) { store_.owner(where, then); });
    },
    [this](state_atom) { return state_; },
    [this](state_atom, const push_address&) { return state_; },
    [this](get_atom) { return figures(); },
    [this](events& what) {
      for (auto& each : what.all)
        std::visit([this](auto& x) { on(x); }, each);
      // One canary stands for all parts of mailboxes that came at once.
      if (!fenced_.empty() && fenced_.back().canary > canaries_)
        send_canary();
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
    [this](publish_atom) {
      outbox_.flush(config_.node, store_, [this](uint64_t removed) {
        counts_["confirmed_pushes"] += removed;
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
  store_.load();
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
    spdlog::warn("Redis is away: {} ({})", what.reason, config_.server);
  } else {
    complain_of_redis("Redis cannot be reached: " + what.reason);
  }
  linked_ = false;
  unconfirmed_.clear();
  for (auto& each : std::exchange(fenced_, {}))
    each.promise.deliver(caf::error{errc::bus_away});
  for (auto i = entries_.begin(); i != entries_.end();) {
    if (i->second.attached.pending())
      i->second.attached.deliver(errc::bus_away);
    forget(i++);
  }
  if (state_ == bus_state::ready)
    begin_gap();
  become(bus_state::away);
}

void bridge::on(subscribed& what) {
  proof_ = clock().now();
  auto i = unconfirmed_.find(what.channel);
  if (i == unconfirmed_.end() || --i->second > 0)
    return;
  unconfirmed_.erase(i);
  if (state_ == bus_state::ready) {
    if (auto held = entries_.find(what.channel);
        held != entries_.end() && held->second.attached.pending())
      held->second.attached.deliver(ok_atom_v);
  } else if (unconfirmed_.empty()) {
    send_canary();
  }
}

void bridge::on(unsubscribed& what) {
  auto i = entries_.find(what.channel);
  if (i == entries_.end() || i->second.detached.empty())
    return;
  i->second.detached.front().deliver(ok_atom_v);
  i->second.detached.pop_front();
  forget(i);
}

caf::result<ok_atom> bridge::attach_address(const push_address& where) {
  auto channel = store_.channel_of(where);
  auto& held = entries_[channel];
  held.where = where;
  auto is_known = std::exchange(held.held, true);
  if (!linked_)
    return errc::bus_away;
  if (!is_known)
    subscribe({channel});
  else if (state_ == bus_state::ready && !unconfirmed_.contains(channel))
    return ok_atom_v;
  // Who asks again does not wait for the first answer, but is due one.
  if (held.attached.pending())
    held.attached.deliver(errc::detached);
  held.attached = make_response_promise<ok_atom>();
  return held.attached;
}

caf::result<ok_atom> bridge::detach_address(const push_address& where) {
  auto channel = store_.channel_of(where);
  auto i = entries_.find(channel);
  if (i == entries_.end())
    return ok_atom_v;
  auto& held = i->second;
  held.held = false;
  if (held.attached.pending())
    held.attached.deliver(errc::detached);
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
    for (auto& each : i->second.detached)
      each.deliver(ok_atom_v);
    i->second.detached.clear();
  }
  if (!i->second.held && i->second.detached.empty())
    entries_.erase(i);
}

void bridge::subscribe(std::vector<std::string> channels) {
  for (auto& channel : channels)
    ++unconfirmed_[channel];
  redis_->subscribe(std::move(channels));
}

void bridge::send_canary() {
  redis_->send(
    {"PUBLISH", own_channel_, std::to_string(++canaries_) + ' ' + config_.tag},
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
    end_gap();
  for (auto& observer : observers_)
    send(observer, state);
}

void bridge::begin_gap() {
  away_since_ = clock().now();
  push_addresses lost;
  for (auto& [channel, held] : entries_)
    if (held.held)
      lost.push_back(held.where);
  counts_["gap_addresses"] += lost.size();
  if (holder_)
    send(holder_, lost_atom_v, std::move(lost));
}

void bridge::end_gap() {
  if (counts_["links_lost"] > 0)
    counts_["gap_milliseconds"] += static_cast<uint64_t>(gap().count());
  spdlog::info("Redis is ready after {} ms, {} addresses subscribed ({})",
               gap().count(), entries_.size(), config_.server);
  for (auto& [channel, held] : entries_)
    if (held.attached.pending())
      held.attached.deliver(ok_atom_v);
  if (holder_)
    send(holder_, bus_state::ready);
}

std::chrono::milliseconds bridge::gap() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock().now()
                                                               - away_since_);
}

counters bridge::figures() const {
  auto result = counts_;
  if (state_ == bus_state::ready)
    return result;
  result["servers_away"] = 1;
  if (result["links_lost"] > 0)
    result["gap_milliseconds"] += static_cast<uint64_t>(gap().count());
  return result;
}

// -- what comes from Redis ----------------------------------------------------

void bridge::on(answered& what) {
  what.then(std::move(what.what));
}

void bridge::on(message& what) {
  if (what.channel == own_channel_)
    return !what.bytes.empty() && what.bytes[0] >= '0' && what.bytes[0] <= '9'
             ? on_canary(what.bytes)
             : on_node_message(what.bytes);
  if (what.channel == config_.open_channel)
    return on_open_message(what.bytes);
  auto i = entries_.find(what.channel);
  if (i == entries_.end())
    return;
  if (auto x = decode(what.bytes)) {
    send(holder_, deliver_atom_v, i->second.where, *std::move(x));
  } else {
    ++counts_["bad_messages"];
    complain("not a push on channel " + what.channel);
  }
}

void bridge::on_canary(const std::string& bytes) {
  auto last = bytes.data() + bytes.size();
  uint64_t number = 0;
  auto end = std::from_chars(bytes.data(), last, number).ptr;
  if (std::string_view{end, last} != ' ' + config_.tag) {
    ++counts_["name_clashes"];
    if (may_complain())
      spdlog::error("another node is called \"{}\", too: give each a --node of "
                    "its own",
                    config_.node);
    return;
  }
  // One from before this link proves nothing about it.
  if (number < first_canary_ || number > canaries_)
    return;
  proof_ = clock().now();
  for (; !fenced_.empty() && fenced_.front().canary <= number;
       fenced_.pop_front())
    fenced_.front().promise.deliver(std::move(fenced_.front().page));
  if (unconfirmed_.empty())
    become(bus_state::ready);
}

void bridge::on_node_message(const std::string& bytes) {
  auto x = decode_node_message(bytes);
  if (!x) {
    ++counts_["bad_messages"];
    complain("not a message between nodes on channel " + own_channel_);
    return;
  }
  for (auto& each : x->reports) {
    each.to = config_.node;
    take(std::move(each));
  }
  // What was told of that push before stands in front of this.
  if (!x->probe.empty()) {
    report settled{x->probe, x->node};
    settled.settled = true;
    take(std::move(settled));
  }
}

void bridge::on_open_message(const std::string& bytes) {
  auto parsed = parse_open(bytes, config_.max_body);
  if (!parsed) {
    auto& context = parsed.error().context();
    return bury(bytes, context.get_as<std::string>(0));
  }
  auto where = push_address::id(parsed->id);
  if (holder_
      && (config_.is_shard || entries_.contains(store_.channel_of(where))))
    send(holder_, deliver_atom_v, where, push{"", std::move(parsed->body)});
}

void bridge::bury(const std::string& bytes, const std::string& reason) {
  ++counts_["bad_messages"];
  complain("bad message on channel " + config_.open_channel + ": " + reason);
  redis_->send(
    {"XADD", config_.prefix + ":dead", "MAXLEN", "~", max_dead_letters, "*",
     "message", bytes.substr(0, dead_letter_size), "reason", reason, "node",
     config_.node},
    [this](const caf::expected<reply>& x) {
      if (!x || x->type == reply::kind::error)
        complain_of_redis("a dead letter was not kept: "
                          + (x ? x->text : system().render(x.error())));
    });
}

// -- what goes to Redis -------------------------------------------------------

template <class T, class Command>
caf::result<T> bridge::ask(Command what) {
  if (state_ == bus_state::away)
    return errc::bus_away;
  auto promise = make_response_promise<T>();
  what([this, promise](caf::expected<T> x) mutable {
    if (x) {
      promise.deliver(std::move(*x));
      return;
    }
    complain(x.error());
    promise.deliver(std::move(x.error()));
  });
  return promise;
}

caf::result<mailbox_page> bridge::read(const mailbox_query& what) {
  if (state_ == bus_state::away)
    return errc::bus_away;
  auto promise = make_response_promise<mailbox_page>();
  store_.read(what, [this, promise](caf::expected<mailbox_page> x) mutable {
    if (!x) {
      complain(x.error());
      promise.deliver(std::move(x.error()));
    } else if (x->pushes.empty()) {
      promise.deliver(std::move(*x));
    } else {
      fenced_.push_back({canaries_ + 1, promise, std::move(*x)});
    }
  });
  return promise;
}

void bridge::take(report what) {
  if (what.to == config_.node) {
    if (what.node.empty())
      what.node = config_.node;
    for (auto& each : what.details)
      each.node = what.node;
    if (auto i = waiting_.find(what.push); i != waiting_.end())
      send(i->second, std::move(what));
    return;
  }
  flush_soon();
  outbox_.add(std::move(what));
}

void bridge::flush_soon() {
  // One message to ourselves stands for all that comes before it.
  if (outbox_.empty())
    send(this, publish_atom_v);
}

// -- small things -------------------------------------------------------------

void bridge::complain(const caf::error& why) {
  if (why == errc::refused)
    complain_of_redis("Redis refused a command: "
                      + why.context().get_as<std::string>(0));
}

void bridge::complain(const std::string& line) {
  if (may_complain())
    spdlog::warn(line);
}

void bridge::complain_of_redis(const std::string& line) {
  complain(line + " (" + config_.server + ')');
}

bool bridge::may_complain() {
  auto now = clock().now();
  if (now - last_complaint_ < std::chrono::seconds{1})
    return false;
  last_complaint_ = now;
  return true;
}

} // namespace waybill::redis
