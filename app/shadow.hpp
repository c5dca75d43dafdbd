#pragma once

#include <string>

#include "actors/core/log_gate.hpp"
#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"
#include "redis/client.hpp"

namespace waybill::app {

/// The open channel of Redis, as a shadow node reads it.
struct shadow_channel {
  /// Name of the channel.
  std::string name;

  /// Name of the server in the log: its URL without the password.
  std::string server;

  /// The largest payload, in bytes.
  size_t max_body;
};

/// Reads the open channel in place of a bridge and delivers nothing: prints on
/// standard output how many sessions of this node each push would have reached,
/// a JSON object a line. All that it asks of Redis is SUBSCRIBE.
class shadow : public hosted<redis::link_owner_actor> {
public:
  shadow(caf::actor_config& cfg, caf::execution_unit* host,
         redis::client_ptr redis, shadow_channel channel,
         registry_actor registry, collector_actor collector);

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  void on_event(redis::event& event);

  void on_message(const std::string& bytes);

  /// Prints the sessions that a push would have reached.
  void report(const std::string& id, size_t bytes, uint64_t sessions);

  void count(metric name, uint64_t number);

  redis::client_ptr redis_;
  const shadow_channel channel_;
  registry_actor registry_;
  collector_actor collector_;
  log_gate gate_;
};

} // namespace waybill::app
