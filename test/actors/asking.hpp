#pragma once

#include <optional>

#include "test/fixture.hpp"

namespace waybill::test {

/// An actor that asks a bus, is asked for its result, and gets reports.
template <class Actor, class Result>
struct asking_fixture : fixture {
  asking_fixture() : bus(spawn<fake_bus>()) {
    // nop
  }

  /// Asks an actor for its result.
  void ask(Actor actor) {
    aut = std::move(actor);
    response.emplace(self->request(aut, caf::infinite, get_atom_v));
    settle();
  }

  /// Takes the first promise that the bus has not kept yet.
  template <class T>
  static T take(std::vector<T>& waiting) {
    CAF_REQUIRE(!waiting.empty());
    auto result = waiting.front();
    waiting.erase(waiting.begin());
    return result;
  }

  void add_report(const std::string& id, const std::string& node,
                  report::content_type content) {
    self->send(aut, report{id, "n1", std::move(content), node});
    settle();
  }

  void pass(caf::timespan time) {
    advance_time(time);
    settle();
  }

  bool is_answered() { return !self->mailbox().empty(); }

  Result answer() {
    Result result;
    CAF_REQUIRE(is_answered());
    response->receive([&](const Result& x) { result = x; },
                      [&](caf::error& e) { CAF_FAIL(sys.render(e)); });
    return result;
  }

  std::string failure() {
    std::string result;
    CAF_REQUIRE(is_answered());
    response->receive([](const Result&) { CAF_FAIL("no error"); },
                      [&](caf::error& e) { result = sys.render(e); });
    return result;
  }

  const texts& bus_requests() { return deref<fake_bus>(bus).seen; }

  using response_type = decltype(std::declval<caf::scoped_actor&>()->request(
    std::declval<Actor&>(), caf::infinite, get_atom_v));

  bus_actor bus;
  Actor aut;
  std::optional<response_type> response;
};

} // namespace waybill::test
