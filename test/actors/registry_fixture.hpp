#pragma once

#include "test/fixture.hpp"

namespace waybill::test {

const auto id456 = push_address::id("456");

/// A registry whose bus and sessions are fakes.
struct registry_fixture : fixture {
  registry_fixture() { start(same_id::all); }

  void start(same_id policy, node_limits limits = {}) {
    bus = spawn<fake_bus>();
    aut = spawn<registry>(
      bus, policy, [this](const auto& line) { log_lines.push_back(line); },
      limits);
    settle();
  }

  session_actor join(const push_address& address) {
    return join(push_addresses{address});
  }

  /// Lets a session report the memory of its queue.
  void load(const session_actor& session, uint64_t bytes) {
    inject((load_atom, uint64_t),
           from(session).to(aut).with(load_atom_v, bytes));
    settle();
  }

  /// Requests a slot.
  caf::expected<bus_status> admit(const std::string& id,
                                  const std::string& peer = "192.0.2.1") {
    caf::expected<bus_status> result{bus_status{}};
    auto response = self->request(aut, caf::infinite, admit_atom_v, id, peer);
    settle();
    response.receive([&](const bus_status& x) { result = x; },
                     [&](caf::error& e) { result = e; });
    return result;
  }

  /// Requests a slot that is not available, and returns the error.
  caf::error refusal(const std::string& id,
                     const std::string& peer = "192.0.2.1") {
    auto result = admit(id, peer);
    return result ? caf::error{} : result.error();
  }

  void leave(const std::string& id, const std::string& peer = "192.0.2.1") {
    self->send(aut, leave_atom_v, id, peer);
    settle();
  }

  session_actor join(const push_addresses& addresses,
                     const std::string& peer = "192.0.2.1",
                     transport_kind transport = transport_kind::websocket) {
    auto result = spawn<fake_session>();
    self->send(aut, join_atom_v, addresses, peer, transport, result);
    settle();
    return result;
  }

  /// Lets the bus confirm the oldest pending attachment.
  void attached(bool has_mail = true) {
    auto& waiting = bus_state_of().attaching;
    CAF_REQUIRE(!waiting.empty());
    waiting.front().deliver(has_mail);
    waiting.erase(waiting.begin());
    settle();
  }

  /// Lets the bus confirm all pending attachments.
  void attach_all() {
    while (!bus_state_of().attaching.empty())
      attached();
  }

  /// Lets the bus refuse all pending attachments.
  void refused() {
    for (auto& promise : std::exchange(bus_state_of().attaching, {}))
      promise.deliver(caf::error{errc::bus_away});
    settle();
  }

  void lose(const push_addresses& lost) {
    self->send(aut, lost_atom_v, lost);
    settle();
  }

  /// Lets the bus answer the oldest pending claim.
  void claimed(uint64_t number) {
    auto& waiting = bus_state_of().claiming;
    CAF_REQUIRE(!waiting.empty());
    waiting.front().deliver(number);
    waiting.erase(waiting.begin());
    settle();
  }

  void deliver_claim(uint64_t number) { deliver(aut, id456, claim{number}); }

  void kick() { deliver(aut, id456, waybill::kick{"k"}); }

  /// Sends a query, and returns the content of the only report on it.
  template <class T>
  T ask(const push_address& address, query::kind type,
        const std::string& id = "") {
    bus_state_of().reports.clear();
    deliver(aut, address, query{type, id, "q", "n2"});
    auto& reports = bus_state_of().reports;
    CAF_REQUIRE_EQUAL(reports.size(), 1u);
    CAF_CHECK_EQUAL(reports[0].push, "q");
    CAF_CHECK_EQUAL(reports[0].to, "n2");
    return std::get<T>(reports[0].content);
  }

  /// Lets the bus confirm all pending detachments.
  void detached() {
    for (auto& promise : bus_state_of().detaching)
      promise.deliver(ok_atom_v);
    bus_state_of().detaching.clear();
    settle();
  }

  void bus_is(bus_state state) {
    self->send(aut, state);
    settle();
  }

  void push(const push_address& address, const std::string& text,
            const std::string& id = "p") {
    deliver(aut, address, waybill::push{id, make_text(text)});
  }

  void end(const session_actor& session) {
    self->send(session, gone_atom_v);
    settle();
  }

  fake_bus& bus_state_of() { return deref<fake_bus>(bus); }

  const texts& seen(const session_actor& session) {
    return deref<fake_session>(session).seen;
  }

  uint64_t count(metric name) { return figure(aut, name); }

  bus_actor bus;
  registry_actor aut;
  texts log_lines;
};

} // namespace waybill::test
