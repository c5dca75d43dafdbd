#pragma once

#include <chrono>
#include <string>

#include <caf/execution_unit.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/timespan.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/messages.hpp"

namespace waybill {

/// Maximum time between two ticks. A pending tick keeps its actor alive, which
/// most pushes and queries need for a few milliseconds only.
constexpr auto max_tick = caf::timespan{std::chrono::seconds{1}};

/// Base of all actors of Waybill: a typed actor that runs on one execution
/// unit.
///
/// By default, CAF may run an actor on the execution unit of its sender. An
/// actor that owns a socket must run on the loop of the socket, so it passes
/// its own unit to CAF whenever a message wakes it, as CAF's brokers do.
template <class Interface>
class hosted : public Interface::base {
public:
  using super = typename Interface::base;

  /// @param host the unit that runs the actor; must outlive it. `nullptr`
  ///             leaves the choice to CAF's scheduler, as in tests.
  hosted(caf::actor_config& cfg, caf::execution_unit* host)
      : super(cfg), host_(host) {
    // CAF's default handler prints to stdout. This one turns the exception into
    // the exit reason, which the actor that monitors this one logs once.
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
