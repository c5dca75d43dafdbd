#pragma once

#include <string>
#include <vector>

#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"

namespace waybill::app {

/// Sets spdlog's default logger: one line per event on standard error, up to
/// 100 lines a second of each level.
/// @param level a level name of spdlog.
/// @param json prints `{"time":…,"level":…,"code":…,"node":…,"message":…}`
///             instead of text. All but info lines have a `code`, and those
///             that concern them `id`, `peer` and `key`.
void start_log(const std::string& node, const std::string& level, bool json);

/// Sets the level of the default logger.
void set_log_level(const std::string& level);

/// Returns the last 100 lines of the log, of level `info` and above, whatever
/// the level of the log is; each in the JSON format.
std::vector<std::string> recent_log();

/// Returns the line on standard output of a node that is ready, in the format
/// of its log.
std::string ready_line(const std::string& node, const std::string& description,
                       bool json);

/// Logs messages from clients: the destination of `--upstream log`.
/// @pre `start_log` was called.
class message_log : public hosted<upstream_actor> {
public:
  using hosted::hosted;

  const char* name() const override;

protected:
  behavior_type make_behavior() override;
};

} // namespace waybill::app
