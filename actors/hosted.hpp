#pragma once

#include <string>

#include <caf/execution_unit.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/messages.hpp"

namespace waybill {

/// The base of all actors here: a typed actor that lives on one execution unit.
///
/// CAF lets an actor run wherever its sender does. An actor that owns a socket
/// must run on the loop that serves the socket instead, so it hands CAF its own
/// unit whenever a message wakes it, as CAF's brokers do. Nothing else differs
/// from any other actor.
template <class Interface>
class hosted : public Interface::base {
public:
  using super = typename Interface::base;

  /// @param host where the actor runs for all its life; must outlive it.
  ///             `nullptr` leaves it to CAF's scheduler: so it is in tests.
  hosted(caf::actor_config& cfg, caf::execution_unit* host)
      : super(cfg), host_(host) {
    // CAF's own handler prints to stdout. Here the reason travels to whoever
    // monitors this actor, and is logged there once.
    this->set_exception_handler(
      [](caf::scheduled_actor*, std::exception_ptr& ptr) -> caf::error {
        try {
          std::rethrow_exception(ptr);
        } catch (const std::exception& e) {
          return {errc::failed, std::string{e.what()}};
        } catch (...) {
          return errc::failed;
        }
      });
  }

  using super::enqueue;

  void enqueue(caf::mailbox_element_ptr ptr, caf::execution_unit* eu) override {
    super::enqueue(std::move(ptr), host_ ? host_ : eu);
  }

  void launch(caf::execution_unit* eu, bool lazy, bool hide) override {
    super::launch(host_ ? host_ : eu, lazy, hide);
  }

private:
  caf::execution_unit* host_;
};

} // namespace waybill
