#include "app/log.hpp"

#include <memory>

#include <nlohmann/json.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

namespace waybill::app {

namespace {

/// How much of a client's message is logged, in bytes.
constexpr size_t excerpt_size = 200;

/// Quotes and escapes what others wrote: it can neither break the line nor
/// speak to the terminal. All but ASCII is escaped, since there are controls
/// and line ends beyond it; what is not UTF-8 shows as U+FFFD.
std::string quote(std::string_view text) {
  using json = nlohmann::json;
  return json{text}[0].dump(-1, ' ', true, json::error_handler_t::replace);
}

/// Prints a log line as a JSON object.
class json_formatter : public spdlog::formatter {
public:
  void format(const spdlog::details::log_msg& x,
              spdlog::memory_buf_t& out) override {
    auto line = fmt::format(
      "{{\"time\":{:.3f},\"level\":\"{}\",\"message\":{}}}\n",
      std::chrono::duration<double>(x.time.time_since_epoch()).count(),
      to_string_view(x.level), quote({x.payload.data(), x.payload.size()}));
    out.append(line.data(), line.data() + line.size());
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<json_formatter>();
  }
};

} // namespace

void start_log(const std::string& level, bool json) {
  auto logger = spdlog::stderr_color_mt("waybill");
  logger->set_level(spdlog::level::from_str(level));
  if (json)
    logger->set_formatter(std::make_unique<json_formatter>());
  else
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  spdlog::set_default_logger(std::move(logger));
}

const char* message_log::name() const {
  return "waybill.message-log";
}

message_log::behavior_type message_log::make_behavior() {
  return {
    [](const client_message& what) {
      spdlog::info("message from {}: {} {}", quote(what.id),
                   to_string(what.body),
                   quote(what.body.bytes().substr(0, excerpt_size)));
    },
  };
}

} // namespace waybill::app
