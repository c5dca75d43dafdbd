#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/test/dsl.hpp>

#include "actors/collector.hpp"
#include "actors/gateway.hpp"
#include "actors/loopback.hpp"
#include "actors/registry.hpp"
#include "actors/session.hpp"
#include "actors/system_config.hpp"

namespace waybill::test {

/// Execution unit of actors under test: lets the test decide when they run.
class test_unit : public caf::execution_unit {
public:
  explicit test_unit(caf::actor_system& sys) : caf::execution_unit(&sys) {
    // nop
  }

  void exec_later(caf::resumable* job) override {
    system().scheduler().enqueue(job);
  }
};

/// Runs actors one message at a time, when the test asks for it.
struct fixture : test_coordinator_fixture<system_config> {
  /// Ends all actors: the system waits for them, and they refer to each other.
  ~fixture() override {
    for (auto& actor : spawned)
      self->send_exit(actor, caf::exit_reason::kill);
    spawned.clear();
    settle();
  }

  /// Runs all pending messages. Unlike `run`, it does not advance the time: a
  /// bridge always has a pending tick.
  void settle() {
    while (consume_message())
      ;
  }

  /// Spawns a hosted actor that ends with the test.
  template <class Actor, class... Ts>
  auto spawn(Ts&&... xs) {
    auto result = sys.spawn<Actor>(&unit, std::forward<Ts>(xs)...);
    spawned.push_back(caf::actor_cast<caf::actor>(result));
    return result;
  }

  /// Spawns a mock with these handlers, which ends with the test.
  template <class Handle>
  Handle spawn_mock(caf::behavior handlers) {
    auto run
      = [](caf::event_based_actor*, const caf::behavior& x) { return x; };
    auto result = sys.spawn(run, std::move(handlers));
    spawned.push_back(result);
    return caf::actor_cast<Handle>(result);
  }

  /// Spawns a gateway, and the collector of its node.
  gateway_actor spawn_gateway(const bus_actor& bus,
                              const registry_actor& registry,
                              const std::string& node_name = "node") {
    return spawn<gateway>(bus, registry, spawn<collector>(bus, registry),
                          session_config{}, node_name);
  }

  /// Sends a registry a message of the bus.
  void deliver(const registry_actor& registry, const push_address& address,
               bus_message message) {
    self->send(registry, deliver_atom_v,
               addressed_messages{{address, std::move(message)}});
    settle();
  }

  /// Returns a metric of a registry, a collector or a bus.
  template <class Handle>
  uint64_t figure(const Handle& actor, metric name) {
    uint64_t result = 0;
    auto response = self->request(actor, caf::infinite, get_atom_v);
    settle();
    response.receive([&](const metrics& x) { result = x[name]; },
                     [&](caf::error& e) { CAF_FAIL(sys.render(e)); });
    return result;
  }

  test_unit unit{sys};
  std::vector<caf::actor> spawned;
};

/// Transport that records the calls of its session.
struct fake_transport : transport {
  bool write(const frame& frame, uint64_t number) override {
    if (broken)
      throw std::runtime_error{"it is broken"};
    written.emplace_back(frame.body.bytes());
    if (number > 0)
      pings.push_back(number);
    if (room == 0)
      return false;
    --room;
    return true;
  }

  bool answers_pings() const override {
    return type == transport_kind::websocket;
  }

  void ping(uint64_t number) override {
    CAF_REQUIRE(answers_pings());
    pings.push_back(number);
    ++lone_pings;
  }

  void close(const close_reason& reason) override { closed = reason; }

  std::string peer() const override { return "192.0.2.1:80"; }

  std::string user_agent() const override { return "curl/8.0"; }

  transport_kind kind() const override { return type; }

  transport_kind type = transport_kind::websocket;
  std::vector<std::string> written;
  std::vector<uint64_t> pings;

  /// Number of pings that were not written with a frame.
  size_t lone_pings = 0;
  std::optional<close_reason> closed;
  bool broken = false;

  /// Number of frames that it takes at once.
  size_t room = 0;
};

/// Mock session that records its messages in order.
class fake_session : public hosted<session_actor> {
public:
  using hosted::hosted;

  /// Requests a page of a mailbox from a registry.
  void ask(const registry_actor& registry, const inbox_query& query) {
    request(registry, caf::infinite, read_atom_v, query)
      .then([this](const inbox_page&) { seen.push_back("page"); },
            [](const caf::error&) {});
  }

  std::vector<std::string> seen;

  /// The time to come back, of the last request to close.
  std::chrono::milliseconds retry{0};

  /// Details that it returns.
  session_info info;

protected:
  behavior_type make_behavior() override {
    return {
      [this](greet_atom, bool has_mail) {
        seen.push_back(has_mail ? "greet" : "greet without mail");
      },
      [this](hold_atom) { seen.push_back("hold"); },
      [this](deliver_atom, const payload& x, uint64_t) {
        seen.push_back("deliver " + std::string{x.bytes()});
      },
      [this](deliver_atom, const push_address& address, const push& x) {
        seen.push_back("deliver " + address.key() + ' '
                       + std::string{x.body.bytes()});
      },
      [this](written_atom) { seen.push_back("written"); },
      [this](pong_atom, uint64_t) { seen.push_back("pong"); },
      [this](confirm_atom, const std::string& entry) {
        seen.push_back("confirm " + entry);
      },
      [this](receive_atom, const payload&) { seen.push_back("receive"); },
      [this](close_atom, const close_reason& x) {
        seen.push_back("close " + to_string(x.code));
        retry = x.retry;
      },
      [this](tick_atom) { seen.push_back("tick"); },
      [](trace_atom) { return trace_events{}; },
      [this](get_atom) { return info; },
      [this](gone_atom) { quit(); },
    };
  }
};

/// A push whose outcome is pending.
struct pending_push {
  /// Sends the outcome, or an error.
  std::function<void(caf::expected<outcome>)> deliver;
};

/// Mock bus that records its requests. The test answers `attach`, `detach`,
/// `publish` and `claim` by their promises; those of a push, and those of a
/// kick or a query.
class fake_bus : public hosted<bus_actor> {
public:
  using hosted::hosted;

  void on_exit() override {
    // Promises and observers refer back to this actor.
    attaching.clear();
    detaching.clear();
    publishing.clear();
    asking.clear();
    claiming.clear();
    awaiting.clear();
  }

  std::vector<std::string> seen;
  std::vector<caf::typed_response_promise<bool>> attaching;
  std::vector<caf::typed_response_promise<ok_atom>> detaching;
  std::vector<pending_push> publishing;
  std::vector<caf::typed_response_promise<uint64_t>> asking;
  std::vector<caf::typed_response_promise<uint64_t>> claiming;

  /// Pages to be read from mailboxes; later reads get empty pages.
  std::deque<inbox_page> pages;

  /// Reports that the bus received.
  std::vector<report> reports;

  /// Number of nodes that a probe reaches.
  uint64_t probed = 1;

  /// Messages that it received.
  std::vector<push> pushes;
  std::vector<kick> kicks;
  std::vector<query> queries;

  /// Those that wait for reports.
  std::vector<report_receiver_actor> awaiting;

  /// Status that it returns, for itself and any part of it.
  bus_status status{bus_state::ready, true, true};

  metrics counted;

  /// Number of nodes that it returns for any address.
  caf::expected<uint64_t> present = uint64_t{0};

  /// Summary that it returns for any mailbox.
  caf::expected<inbox_summary> mailbox = inbox_summary{};

protected:
  behavior_type make_behavior() override {
    return {
      [](subscribe_atom, const observer_actor&) {},
      [this](attach_atom, const push_address& x, const registry_actor&) {
        seen.push_back("attach " + x.key());
        return attaching.emplace_back(make_response_promise<bool>());
      },
      [this](detach_atom, const push_address& x, const registry_actor&) {
        seen.push_back("detach " + x.key());
        return detaching.emplace_back(make_response_promise<ok_atom>());
      },
      [this](publish_atom, const push_address& address, const push& push) {
        auto promise = make_response_promise<outcome>();
        publish(address, push, [promise](caf::expected<outcome> x) mutable {
          if (x)
            promise.deliver(std::move(*x));
          else
            promise.deliver(std::move(x.error()));
        });
        return promise;
      },
      [this](publish_atom, const numbered_pushes& all,
             const outcome_receiver_actor& receiver) {
        for (auto& [number, address, push] : all)
          publish(address, push,
                  [this, number = number, receiver](caf::expected<outcome> x) {
                    send(receiver, numbered_outcomes{{number, std::move(x)}});
                  });
      },
      [this](publish_atom, const push_address& x, const kick& kick) {
        seen.push_back("kick " + x.key());
        kicks.push_back(kick);
        return asking.emplace_back(make_response_promise<uint64_t>());
      },
      [this](publish_atom, const push_address& x, const query& query) {
        seen.push_back("ask " + x.key() + " for " + to_string(query.type));
        queries.push_back(query);
        return asking.emplace_back(make_response_promise<uint64_t>());
      },
      [this](await_atom, const push_address&, const std::string& id,
             const report_receiver_actor& receiver) {
        seen.push_back("await " + id);
        awaiting.push_back(receiver);
      },
      [this](forget_atom, const push_address&, const std::string& id) {
        seen.push_back("forget " + id);
      },
      [this](report_atom, const push_address&, const report& x) {
        reports.push_back(x);
      },
      [this](probe_atom, const push_address&, const std::string& node,
             const std::string& id) {
        seen.push_back("probe " + node + " for " + id);
        return probed;
      },
      [this](record_atom, const push_address&, const std::string& key,
             const outcome&) { seen.push_back("settle " + key); },
      [this](read_atom, const inbox_query& x) {
        seen.push_back("read " + x.address.key() + " after " + x.after
                       + " upto " + x.upto);
        inbox_page result;
        if (!pages.empty()) {
          result = std::move(pages.front());
          pages.pop_front();
        }
        return result;
      },
      [this](read_atom, const push_address& x) -> caf::result<inbox_summary> {
        seen.push_back("summarize " + x.key());
        if (mailbox)
          return *mailbox;
        return mailbox.error();
      },
      [this](drop_atom, const push_address& x) -> caf::result<uint64_t> {
        seen.push_back("empty " + x.key());
        if (mailbox)
          return mailbox->entries;
        return mailbox.error();
      },
      [this](confirm_atom, const push_address& x, const std::string& entry) {
        seen.push_back("confirm " + x.key() + ' ' + entry);
      },
      [this](claim_atom, const push_address& x) {
        seen.push_back("claim " + x.key());
        return claiming.emplace_back(make_response_promise<uint64_t>());
      },
      [this](presence_atom, const push_address& x) -> caf::result<uint64_t> {
        seen.push_back("presence " + x.key());
        if (present)
          return *present;
        return present.error();
      },
      [this](get_atom, const push_address& x) {
        seen.push_back("owner " + x.key());
        return claiming.emplace_back(make_response_promise<uint64_t>());
      },
      [this](state_atom) { return status; },
      [this](state_atom, const push_address&) { return status; },
      [this](leave_atom) { seen.push_back("leave"); },
      [this](get_atom) { return counted; },
    };
  }

private:
  void publish(const push_address& address, const push& push,
               std::function<void(caf::expected<outcome>)> deliver) {
    seen.push_back("publish " + address.key());
    pushes.push_back(push);
    publishing.push_back({std::move(deliver)});
  }
};

using texts = std::vector<std::string>;

inline texts texts_of(const inbox_page& page) {
  texts result;
  for (auto& push : page.pushes)
    result.emplace_back(push.body.bytes());
  return result;
}

} // namespace waybill::test
