#include "redis/bridge.hpp"

#include <functional>
#include <utility>
#include <variant>

#include <spdlog/spdlog.h>

#include "redis/codec.hpp"
#include "redis/ingress_message.hpp"

namespace waybill::redis {

namespace {

/// How many channels go into one SUBSCRIBE.
constexpr size_t batch_size = 1000;

/// Tells whether a key holds something else than it should.
bool is_wrong_type(const caf::error& why) {
  return why == errc::refused
         && why.context().get_as<std::string>(0).find("WRONGTYPE")
              != std::string::npos;
}

} // namespace

bridge::bridge(caf::actor_config& cfg, caf::execution_unit* host,
               bridge_config config, client_ptr redis)
    : hosted(cfg, host), config_(std::move(config)),
      own_channel_(config_.prefix + ":node:" + config_.node),
      redis_(std::move(redis)), commands_(config_, *redis_, *this),
      nodes_channel_(commands_.channel_of(push_address::nodes())),
      health_(config_.claims), status_(health_.status()), nodes_(config_.node),
      last_heard_(clock().now()), up_since_(last_heard_),
      away_since_(last_heard_) {
  for (auto name :
       {"pushes", "confirmed_pushes", "bad_messages", "unknown_kinds",
        "links_lost", "upstream_dropped", "gap_milliseconds", "gap_addresses",
        "name_clashes", "servers_away", "busy_pushes", "silent_nodes",
        "unreadable_mailboxes", "redis_evicts"})
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
      send(observer, status_);
    },
    [this](attach_atom, const push_address& address,
           const registry_actor& registry) {
      holder_ = registry;
      return attach_address(address);
    },
    [this](detach_atom, const push_address& address, const registry_actor&) {
      return detach_address(address);
    },
    [this](publish_atom, const push_address& address, const push& push) {
      return publish(address, push);
    },
    [this](await_atom, const push_address&, const std::string& id,
           const receipt_actor& receipt) { waiting_[id] = receipt; },
    [this](forget_atom, const push_address&, const std::string& id) {
      waiting_.erase(id);
    },
    [this](report_atom, const push_address&, const report& report) {
      take(report);
    },
    [this](probe_atom, const push_address&, const std::string& node,
           const std::string& id) {
      return ask<uint64_t>([&](auto then) {
        commands_.tell(node, node_message{config_.node, {}, id}, then);
      });
    },
    [this](record_atom, const push_address&, const std::string& key,
           const outcome& outcome) { commands_.record_outcome(key, outcome); },
    [this](read_atom, const inbox_query& query) { return read(query); },
    [this](confirm_atom, const push_address& address,
           const std::string& entry) {
      flush_soon();
      reports_.confirm(address, entry);
    },
    [this](claim_atom, const push_address& address) {
      return ask<uint64_t>([&](auto then) { commands_.claim(address, then); });
    },
    [this](presence_atom, const push_address& address) {
      return ask<uint64_t>(
        [&](auto then) { commands_.presence(address, then); });
    },
    [this](get_atom, const push_address& address) {
      return ask<uint64_t>([&](auto then) { commands_.owner(address, then); });
    },
    [this](state_atom) { return status_; },
    [this](state_atom, const push_address&) { return status_; },
    [this](leave_atom) {
      leaving_ = true;
      if (linked_)
        send_beat(true);
    },
    [this](get_atom) { return metrics(); },
    [this](events& events) {
      for (auto& event : events.all)
        std::visit([this](auto& x) { on(x); }, event);
      // One canary stands for all parts of mailboxes that came at once.
      if (!fenced_.empty() && fenced_.back().canary > canaries_)
        send_canary();
    },
    [this](const client_message& message) {
      if (!is_ready() || redis_->unsent_bytes() > config_.max_unsent_bytes) {
        ++counts_["upstream_dropped"];
        return;
      }
      redis_->send({"PUBLISH", config_.prefix + ":upstream", encode(message)},
                   [this](const caf::expected<reply>& x) {
                     if (!x || x->type != reply::kind::number)
                       ++counts_["upstream_dropped"];
                   });
    },
    [this](publish_atom) {
      reports_.flush(config_.node, commands_, [this](uint64_t removed) {
        counts_["confirmed_pushes"] += removed;
      });
    },
    [this](tick_atom) { on_tick(); },
  };
}

// -- the link -----------------------------------------------------------------

void bridge::on(link_up& event) {
  linked_ = true;
  client_ = event.client;
  first_canary_ = canaries_ + 1;
  last_heard_ = up_since_ = clock().now();
  lag_.reset();
  health_.on_link_up();
  beat lost{config_.node};
  lost.missing = true;
  redis_->set_farewell({"PUBLISH", nodes_channel_, encode(lost)});
  commands_.load();
  check();
  read_policy();
  std::vector<std::string> channels{own_channel_, config_.open_channel};
  for (auto& [channel, held] : entries_) {
    if (channel == nodes_channel_)
      continue;
    if (channels.size() == batch_size)
      subscribe(std::exchange(channels, {}));
    channels.push_back(channel);
  }
  // A node that holds this one holds all others, too.
  channels.push_back(nodes_channel_);
  subscribe(std::move(channels));
}

void bridge::on(link_down& event) {
  if (linked_) {
    ++counts_["links_lost"];
    spdlog::warn("Redis is away: {} ({})", event.reason, config_.server);
  } else {
    complain_of_redis("unreachable",
                      "Redis cannot be reached: " + event.reason);
  }
  linked_ = false;
  health_.on_link_down(event.reason);
  lag_.reset();
  unconfirmed_.clear();
  for (auto& page : std::exchange(fenced_, {}))
    page.promise.deliver(caf::error{errc::bus_away});
  for (auto i = entries_.begin(); i != entries_.end();) {
    if (i->second.attached.pending())
      i->second.attached.deliver(errc::bus_away);
    forget(i++);
  }
  update();
}

void bridge::on(subscribed& event) {
  last_heard_ = clock().now();
  auto i = unconfirmed_.find(event.channel);
  if (i == unconfirmed_.end() || --i->second > 0)
    return;
  unconfirmed_.erase(i);
  if (is_ready()) {
    if (auto held = entries_.find(event.channel);
        held != entries_.end() && held->second.attached.pending())
      held->second.attached.deliver(ok_atom_v);
  } else if (unconfirmed_.empty()) {
    send_canary();
  }
}

void bridge::on(unsubscribed& event) {
  auto i = entries_.find(event.channel);
  if (i == entries_.end() || i->second.detached.empty())
    return;
  i->second.detached.front().deliver(ok_atom_v);
  i->second.detached.pop_front();
  forget(i);
}

caf::result<ok_atom> bridge::attach_address(const push_address& address) {
  auto channel = commands_.channel_of(address);
  auto& held = entries_[channel];
  held.address = address;
  auto is_known = std::exchange(held.held, true);
  if (!linked_)
    return errc::bus_away;
  if (!is_known)
    subscribe({channel});
  else if (is_ready() && !unconfirmed_.contains(channel))
    return ok_atom_v;
  // Who asks again does not wait for the first answer, but is due one.
  if (held.attached.pending())
    held.attached.deliver(errc::detached);
  held.attached = make_response_promise<ok_atom>();
  return held.attached;
}

caf::result<ok_atom> bridge::detach_address(const push_address& address) {
  auto channel = commands_.channel_of(address);
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
    for (auto& promise : i->second.detached)
      promise.deliver(ok_atom_v);
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

// -- what comes from Redis ----------------------------------------------------

void bridge::on(answered& event) {
  event.then(std::move(event.reply));
}

void bridge::on(message& message) {
  if (message.channel == own_channel_)
    return !message.bytes.empty() && message.bytes[0] >= '0'
               && message.bytes[0] <= '9'
             ? on_canary(message.bytes)
             : on_node_message(message.bytes);
  if (message.channel == config_.open_channel)
    return on_ingress(message.bytes);
  if (message.channel == nodes_channel_)
    if (auto x = decode_beat(message.bytes))
      return nodes_.on_beat(*x, clock().now());
  auto i = entries_.find(message.channel);
  if (i == entries_.end())
    return;
  if (auto x = decode(message.bytes)) {
    send(holder_, deliver_atom_v, i->second.address, *std::move(x));
  } else {
    on_unreadable(message.channel, x.error());
  }
}

void bridge::on_node_message(const std::string& bytes) {
  auto x = decode_node_message(bytes);
  if (!x)
    return on_unreadable(own_channel_, x.error());
  for (auto& report : x->reports) {
    report.to = config_.node;
    take(std::move(report));
  }
  // What was told of that push before stands in front of this.
  if (!x->probe.empty()) {
    report settled{x->probe, x->node};
    settled.settled = true;
    take(std::move(settled));
  }
}

void bridge::on_unreadable(const std::string& channel, const caf::error& why) {
  // A newer release has something to say to those of its kind.
  if (why == another_kind) {
    ++counts_["unknown_kinds"];
    return;
  }
  ++counts_["bad_messages"];
  complain("message", "bad message on channel " + channel + ": "
                        + why.context().get_as<std::string>(0));
}

void bridge::on_ingress(const std::string& bytes) {
  auto parsed = parse_ingress(bytes, config_.max_body);
  if (!parsed) {
    auto& context = parsed.error().context();
    return dead_letter(bytes, context.get_as<std::string>(0));
  }
  auto address = push_address::id(parsed->id);
  if (holder_
      && (config_.is_shard || entries_.contains(commands_.channel_of(address))))
    send(holder_, deliver_atom_v, address, push{"", std::move(parsed->body)});
}

void bridge::dead_letter(const std::string& bytes, const std::string& reason) {
  ++counts_["bad_messages"];
  complain("message",
           "bad message on channel " + config_.open_channel + ": " + reason);
  commands_.dead_letter(bytes, reason,
                        [this](const caf::expected<uint64_t>& kept) {
                          if (!kept)
                            complain(kept.error());
                        });
}

// -- what goes to Redis -------------------------------------------------------

caf::result<outcome> bridge::publish(const push_address& address,
                                     const push& push) {
  auto is_message = push.type == push::kind::message;
  if (is_message && is_ready() && lag_.is_busy(clock().now())) {
    ++counts_["busy_pushes"];
    complain("busy", "pushes are refused: this node hears its own too late");
    return errc::busy;
  }
  auto result = ask<outcome>([&](auto then) {
    counts_["pushes"] += is_message;
    commands_.publish(address, push, then);
  });
  lag_.on_published(is_ready() ? push.body.size() : 0);
  if (lag_.wants_canary())
    send_canary();
  return result;
}

template <class T, class Command>
caf::result<T> bridge::ask(Command send) {
  if (!is_ready())
    return away();
  auto promise = make_response_promise<T>();
  send([this, promise](caf::expected<T> x) mutable {
    if (x) {
      promise.deliver(std::move(*x));
      return;
    }
    retry_ = retry_ || x.error() == errc::refused;
    complain(x.error());
    promise.deliver(std::move(x.error()));
  });
  return promise;
}

caf::result<inbox_page> bridge::read(const inbox_query& query) {
  if (!is_ready())
    return away();
  auto promise = make_response_promise<inbox_page>();
  auto on_rejected
    = [this](const push_address& address, const std::string& reason) {
        ++counts_["bad_messages"];
        complain("entry", "bad entry in the mailbox of " + address.key() + ": "
                            + reason);
      };
  commands_.read(query, on_rejected,
                 [this, promise](caf::expected<inbox_page> x) mutable {
                   if (!x && is_wrong_type(x.error())) {
                     // No mailbox will ever be read there, but live pushes can
                     // be had.
                     ++counts_["unreadable_mailboxes"];
                     complain(x.error());
                     promise.deliver(inbox_page{});
                   } else if (!x) {
                     retry_ = retry_ || x.error() == errc::refused;
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

void bridge::take(report report) {
  if (report.to == config_.node) {
    if (report.node.empty())
      report.node = config_.node;
    for (auto& info : report.details)
      info.node = report.node;
    if (auto i = waiting_.find(report.push); i != waiting_.end())
      send(i->second, std::move(report));
    return;
  }
  flush_soon();
  reports_.add(std::move(report));
}

void bridge::flush_soon() {
  // One message to ourselves stands for all that comes before it.
  if (reports_.empty())
    send(this, publish_atom_v);
}

// -- small things -------------------------------------------------------------

void bridge::complain(const caf::error& why) {
  if (why == errc::refused)
    complain_of_redis("refused", "Redis refused a command: "
                                   + why.context().get_as<std::string>(0));
}

void bridge::complain(std::string_view kind, const std::string& line) {
  if (auto left_out = gate_.take(kind, clock().now()))
    spdlog::warn("{}{}", line, *left_out);
}

void bridge::complain_of_redis(std::string_view kind, const std::string& line) {
  complain(kind, line + " (" + config_.server + ')');
}

} // namespace waybill::redis
