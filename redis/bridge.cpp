#include "redis/bridge.hpp"

#include <functional>
#include <utility>

#include <spdlog/spdlog.h>

#include "redis/codec.hpp"

namespace waybill::redis {

namespace {

/// A command about one address.
template <class T>
using address_command
  = void (commands::*)(const push_address&, commands::handler<T>);

} // namespace

bridge::bridge(caf::actor_config& cfg, caf::execution_unit* host,
               bridge_config config, client_ptr redis, router_actor router)
    : hosted(cfg, host), config_(std::move(config)), redis_(std::move(redis)),
      router_(std::move(router)), commands_(config_, *redis_, *this),
      own_channel_(commands_.all_names().channel_of_node(config_.node)),
      nodes_channel_(commands_.all_names().channel_of_nodes()),
      health_(config_.claims), status_(health_.status()),
      silence_(clock().now()), nodes_(config_.node), up_since_(clock().now()),
      away_since_(up_since_) {
  // nop
}

const char* bridge::name() const {
  return "waybill.bridge";
}

void bridge::on_exit() {
  // The client is bound to the loop, which this actor may outlive.
  redis_->stop();
  redis_ = nullptr;
  // Breaks cycles: promises refer to this actor, and so do the other actors.
  entries_.clear();
  observers_.clear();
  fence_.clear();
  waiting_.clear();
  outcomes_.clear();
  holder_ = nullptr;
  part_ = {};
  router_ = nullptr;
}

void bridge::start() {
  redis_->start(link_owner_actor{this});
  delayed_send(this, canary_interval, tick_atom_v);
}

void bridge::add_observer(const observer_actor& observer) {
  observers_.push_back(observer);
  send(observer, status_);
}

bridge::behavior_type bridge::make_behavior() {
  start();
  auto asking = [this]<class Atom, class T>(Atom, address_command<T> read) {
    return [this, read](Atom, const push_address& address) {
      return ask<T>([&](auto then) { (commands_.*read)(address, then); });
    };
  };
  return {
    [this](subscribe_atom, const observer_actor& x) { add_observer(x); },
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
    [this](publish_atom, const numbered_pushes& pushes,
           const outcome_receiver_actor& receiver) {
      publish(pushes, receiver);
    },
    [this](publish_atom, const push_address& address, const kick& kick) {
      return publish(address, kick);
    },
    [this](publish_atom, const push_address& address, const query& query) {
      return publish(address, query);
    },
    [this](await_atom, const push_address&, const std::string& id,
           const report_receiver_actor& receiver) { waiting_[id] = receiver; },
    [this](forget_atom, const push_address&, const std::string& id) {
      waiting_.erase(id);
    },
    [this](report_atom, const push_address&, const report& x) { take(x); },
    [this](probe_atom, const push_address&, const std::string& node,
           const std::string& id) { return probe(node, id); },
    [this](record_atom, const push_address& address, const std::string& key,
           const outcome& x) { commands_.record_outcome(address, key, x); },
    [this](read_atom, const inbox_query& query) { return read(query); },
    asking(read_atom_v, &commands::summarize),
    asking(drop_atom_v, &commands::clear),
    [this](confirm_atom, const push_address& address,
           const std::string& entry) { confirm(address, entry); },
    asking(claim_atom_v, &commands::claim),
    asking(presence_atom_v, &commands::presence),
    asking(get_atom_v, &commands::owner),
    [this](state_atom) { return status_; },
    [this](state_atom, const push_address&) { return status_; },
    [this](leave_atom) { leave(); },
    [this](get_atom) { return collect(); },
    [this](events& events) { on_events(events); },
    [this](const client_message& message) { publish_upstream(message); },
    [this](publish_atom) { flush_reports(); },
    [this](tick_atom) { on_tick(); },
    [this](const assignment& part) { on(part); },
    [this](const routed_command& command) { return execute(command); },
  };
}

// -- requests to Redis --------------------------------------------------------

void bridge::publish(const push_address& address, const push& push,
                     commands::handler<outcome> handler) {
  if (!is_ready())
    return handler(away());
  if (lag_.is_busy(clock().now())) {
    ++counts_[metric::busy_pushes];
    complain("WB-601", "pushes are refused: this node lags behind on its "
                       "subscription");
    return handler(caf::error{errc::busy});
  }
  ++counts_[metric::pushes];
  commands_.publish(
    address, push,
    [this, handler = std::move(handler)](caf::expected<outcome> x) {
      if (!x)
        on_failed(x.error());
      handler(std::move(x));
    });
  lag_.on_published(push.body.size());
  if (lag_.wants_canary())
    send_canary();
}

caf::result<outcome> bridge::publish(const push_address& address,
                                     const push& push) {
  auto promise = make_response_promise<outcome>();
  publish(address, push, [promise](caf::expected<outcome> x) mutable {
    if (x)
      promise.deliver(std::move(*x));
    else
      promise.deliver(std::move(x.error()));
  });
  return promise;
}

void bridge::publish(const numbered_pushes& pushes,
                     const outcome_receiver_actor& receiver) {
  for (auto& [number, address, push] : pushes)
    publish(address, push,
            [this, number = number, receiver](caf::expected<outcome> x) {
              outcomes_[receiver].push_back({number, std::move(x)});
            });
  flush_outcomes();
}

void bridge::flush_outcomes() {
  for (auto& [receiver, outcomes] : outcomes_)
    if (!outcomes.empty())
      send(receiver, std::exchange(outcomes, {}));
}

template <class Message>
caf::result<uint64_t> bridge::publish(const push_address& address,
                                      const Message& message) {
  return ask<uint64_t>(
    [&](auto then) { commands_.publish(address, message, then); });
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
    on_failed(x.error());
    promise.deliver(std::move(x.error()));
  });
  return promise;
}

void bridge::on_failed(const caf::error& error) {
  // A master may not have executed a command for one of its slots.
  retry_ = retry_ || error == errc::refused
           || (config_.cluster && error == errc::bus_away);
  complain(error);
}

caf::result<uint64_t> bridge::probe(const std::string& node,
                                    const std::string& id) {
  return ask<uint64_t>([&](auto then) {
    commands_.tell(node, node_message{config_.node, {}, id}, then);
  });
}

caf::result<inbox_page> bridge::read(const inbox_query& query) {
  if (!is_ready())
    return away();
  auto promise = make_response_promise<inbox_page>();
  auto on_rejected
    = [this](const push_address& address, const std::string& reason) {
        ++counts_[metric::bad_messages];
        complain("WB-212", "bad entry in the mailbox of " + address.key() + ": "
                             + reason);
      };
  commands_.read(
    query, on_rejected, [this, promise](caf::expected<inbox_page> x) mutable {
      if (!x && commands::is_wrong_type(x.error())) {
        // The mailbox can never be read; live pushes still can
        // be delivered.
        ++counts_[metric::unreadable_mailboxes];
        complain(x.error());
        promise.deliver(inbox_page{});
      } else if (!x) {
        on_failed(x.error());
        promise.deliver(std::move(x.error()));
      } else if (x->pushes.empty()) {
        promise.deliver(std::move(*x));
      } else {
        fence_.add(canaries_ + 1,
                   [promise, page = std::move(*x)](bool has_returned) mutable {
                     if (has_returned)
                       promise.deliver(std::move(page));
                     else
                       promise.deliver(caf::error{errc::bus_away});
                   });
      }
    });
  return promise;
}

void bridge::take(report report) {
  if (report.to == config_.node) {
    if (report.node.empty())
      report.node = config_.node;
    if (auto i = waiting_.find(report.push); i != waiting_.end())
      send(i->second, std::move(report));
    return;
  }
  flush_soon();
  reports_.add(std::move(report));
}

void bridge::confirm(const push_address& address, const std::string& entry) {
  flush_soon();
  reports_.confirm(address, entry);
}

void bridge::flush_soon() {
  // A message to itself is handled after all that are queued now.
  if (reports_.empty())
    send(this, publish_atom_v);
}

void bridge::flush_reports() {
  reports_.flush(config_.node, commands_, [this](uint64_t removed) {
    counts_[metric::confirmed_pushes] += removed;
  });
}

void bridge::publish_upstream(const client_message& message) {
  if (!is_ready() || redis_->unsent_bytes() > config_.max_unsent_bytes) {
    ++counts_[metric::upstream_dropped];
    return;
  }
  commands_.pass_upstream(message, [this](const caf::expected<reply>& x) {
    if (!x)
      ++counts_[metric::upstream_dropped];
  });
}

// -- log lines ----------------------------------------------------------------

void bridge::complain(const caf::error& why) {
  if (why == errc::refused)
    complain_of_redis("WB-203", "Redis refused a command: "
                                  + why.context().get_as<std::string>(0));
}

void bridge::complain(std::string_view code, const std::string& line) {
  if (auto left_out = gate_.take(code, clock().now()))
    spdlog::warn("{} {}{}", code, line, *left_out);
}

void bridge::complain_of_redis(std::string_view code, const std::string& line) {
  complain(code, line + " (" + config_.server + ')');
}

} // namespace waybill::redis
