#pragma once

#include <caf/actor_system_config.hpp>

#include "actors/interfaces.hpp"

namespace waybill {

/// Registers the message types and error category of Waybill with CAF.
struct system_config : caf::actor_system_config {
  system_config() {
    add_message_types<caf::id_block::waybill>();
    add_message_types<caf::id_block::waybill_actors>();
    add_error_category(caf::atom("waybill"), [](uint8_t code, caf::atom_value,
                                                const caf::message& context) {
      auto result = to_string(static_cast<errc>(code));
      return context.empty() ? result : result + to_string(context);
    });
    // Actors run on event loops, but CAF needs at least one thread. With its
    // default policy, that would poll for work a hundred times a second.
    set("scheduler.max-threads", size_t{1});
    set("scheduler.policy", caf::atom("sharing"));
  }
};

} // namespace waybill
