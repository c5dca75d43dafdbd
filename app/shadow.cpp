#include "app/shadow.hpp"

#include <chrono>
#include <iostream>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>
#include <spdlog/fmt/chrono.h>
#include <spdlog/spdlog.h>

#include "redis/ingress_message.hpp"

namespace waybill::app {

namespace {

/// Printed bytes of a message that cannot be read.
constexpr size_t printed_size = 200;

/// Prints a line that begins with the time.
/// @param fields are the other members.
void print_line(const nlohmann::ordered_json& fields) {
  using namespace std::chrono;
  auto now = floor<milliseconds>(system_clock::now().time_since_epoch());
  auto seconds = floor<std::chrono::seconds>(now);
  nlohmann::ordered_json line
    = {{"time",
        fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds.count()),
                    (now - seconds).count())}};
  line.update(fields);
  // A message may be anything, and an excerpt may end within a character.
  std::cout << line.dump(-1, ' ', false,
                         nlohmann::ordered_json::error_handler_t::replace)
            << '\n'
            << std::flush;
}

} // namespace

shadow::shadow(caf::actor_config& cfg, caf::execution_unit* host,
               redis::client_ptr redis, shadow_channel channel,
               registry_actor registry, collector_actor collector)
    : hosted(cfg, host), redis_(std::move(redis)), channel_(std::move(channel)),
      registry_(std::move(registry)), collector_(std::move(collector)) {
  // nop
}

const char* shadow::name() const {
  return "waybill.shadow";
}

void shadow::on_exit() {
  // The client is bound to the loop, which this actor may outlive.
  redis_->stop();
  redis_ = nullptr;
}

shadow::behavior_type shadow::make_behavior() {
  redis_->start(redis::link_owner_actor{this});
  return {
    [this](redis::events& events) {
      for (auto& event : events.all)
        on_event(event);
    },
  };
}

void shadow::on_event(redis::event& event) {
  if (std::holds_alternative<redis::link_up>(event)) {
    redis_->subscribe_open(channel_.name);
  } else if (std::holds_alternative<redis::subscribed>(event)) {
    spdlog::info("reads the channel {} and delivers nothing of it ({})",
                 channel_.name, channel_.server);
  } else if (auto down = std::get_if<redis::link_down>(&event)) {
    if (auto left_out = gate_.take("WB-204", std::chrono::steady_clock::now()))
      spdlog::warn("WB-204 Redis is away: {} ({}){}", down->reason,
                   channel_.server, *left_out);
  } else if (auto message = std::get_if<redis::message>(&event)) {
    on_message(message->bytes);
  }
}

void shadow::on_message(const std::string& bytes) {
  auto push = redis::parse_ingress(bytes, channel_.max_body);
  if (!push) {
    count(metric::bad_messages, 1);
    print_line({{"error", push.error().context().get_as<std::string>(0)},
                {"message", bytes.substr(0, printed_size)}});
    return;
  }
  request(registry_, caf::infinite, presence_atom_v, push_address::id(push->id))
    .then([this, id = push->id, size = push->body.bytes().size()](
            uint64_t sessions) { report(id, size, sessions); });
}

void shadow::report(const std::string& id, size_t bytes, uint64_t sessions) {
  count(metric::shadow_pushes, 1);
  count(metric::shadow_deliveries, sessions);
  print_line({{"id", id}, {"bytes", bytes}, {"sessions", sessions}});
}

void shadow::count(metric name, uint64_t number) {
  metrics counts;
  counts[name] = number;
  send(collector_, count_atom_v, counts);
}

} // namespace waybill::app
