#pragma once

#include <string>

#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"

namespace waybill::app {

/// Sets up spdlog's default logger: a line an event, on standard error, up to
/// 100 of each level a second.
/// @param level as spdlog names it.
/// @param json prints `{"time":…,"level":…,"node":…,"message":…}` instead of
///             text.
void start_log(const std::string& node, const std::string& level, bool json);

/// Logs what clients send: the `upstream` that needs nothing else.
class message_log : public hosted<upstream_actor> {
public:
  using hosted::hosted;

  const char* name() const override;

protected:
  behavior_type make_behavior() override;
};

} // namespace waybill::app
