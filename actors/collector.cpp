#include "actors/collector.hpp"

#include <utility>

namespace waybill {

collector::collector(caf::actor_config& cfg, caf::execution_unit* host,
                     bus_actor bus, registry_actor registry,
                     std::string version, process_counters of_process)
    : hosted(cfg, host), bus_(std::move(bus)), registry_(std::move(registry)),
      version_(std::move(version)), of_process_(std::move(of_process)) {
  // nop
}

const char* collector::name() const {
  return "waybill.collector";
}

collector::behavior_type collector::make_behavior() {
  return {
    [this](count_atom, const metrics& counts) { counts_ += counts; },
    [this](get_atom) { return respond(); },
    [this](report_atom, const push_address& address, const query& query) {
      answer(address, query);
    },
    [this](history_atom) { return history_.all(); },
    [this](tick_atom) {
      delayed_send(this, figure_history::interval, tick_atom_v);
      collect([this](const metrics& all) {
        history_.add(with_process(all), std::chrono::system_clock::now());
      });
    },
  };
}

void collector::collect(std::function<void(const metrics&)> handler) {
  request(registry_, caf::infinite, get_atom_v)
    .then([this, handler = std::move(handler)](const metrics& of_registry) {
      request(bus_, caf::infinite, get_atom_v)
        .then([this, handler, of_registry](const metrics& of_bus) {
          auto all = counts_;
          all += of_registry;
          all += of_bus;
          withhold_headroom(std::move(all), handler);
        });
    });
}

void collector::withhold_headroom(metrics all,
                                  std::function<void(const metrics&)> handler) {
  request(bus_, caf::infinite, state_atom_v)
    .then([all = std::move(all),
           handler = std::move(handler)](const bus_status& status) mutable {
      if (status.state != bus_state::ready || !status.takes_sessions)
        all[metric::headroom] = 0;
      handler(all);
    });
}

caf::typed_response_promise<metrics> collector::respond() {
  auto result = make_response_promise<metrics>();
  collect([result](const metrics& all) mutable { result.deliver(all); });
  return result;
}

void collector::answer(const push_address& address, const query& query) {
  collect([this, address, query](const metrics& all) {
    send(bus_, report_atom_v, address,
         report{query.id, query.reply_to,
                node_metrics{version_, with_process(all)}});
  });
}

counters collector::with_process(const metrics& all) const {
  auto result = to_counters(all);
  result.merge(of_process_());
  return result;
}

} // namespace waybill
