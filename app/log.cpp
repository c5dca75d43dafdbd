#include "app/log.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <utility>

#include <spdlog/fmt/chrono.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "net/log_fields.hpp"
#include "net/quote.hpp"

namespace waybill::app {

namespace {

using net::quote;

/// Logged bytes of a client's message.
constexpr size_t excerpt_size = 200;

/// Number of lines that are kept for `recent_log`.
constexpr size_t max_recent = 100;

/// Logged lines a second of each level.
constexpr size_t max_lines = 100;

/// The size of the code that begins a warning or an error, such as `WB-204`.
constexpr size_t code_size = 6;

/// Returns the code that a log line begins with, or nothing.
std::string_view code_of(std::string_view line) {
  return line.starts_with("WB-") && line.size() > code_size
           ? line.substr(0, code_size)
           : std::string_view{};
}

/// Prints a log line as a JSON object. Its code is a member of its own.
class json_formatter : public spdlog::formatter {
public:
  explicit json_formatter(const std::string& node) : node_(quote(node)) {
    // nop
  }

  void format(const spdlog::details::log_msg& x,
              spdlog::memory_buf_t& out) override {
    using namespace std::chrono;
    auto age = floor<milliseconds>(x.time.time_since_epoch());
    auto [fields, text]
      = net::split_log_fields({x.payload.data(), x.payload.size()});
    auto code = code_of(text);
    if (!code.empty())
      text.remove_prefix(code.size() + 1);
    auto line
      = fmt::format("{{\"time\":\"{:%Y-%m-%dT%H:%M:%S}.{:03}Z\",\"level\":\"{}"
                    "\",{}\"node\":{},"
                    "\"message\":{}{}}}\n",
                    fmt::gmtime(floor<seconds>(age).count()),
                    age.count() % 1000, to_string_view(x.level),
                    code.empty() ? "" : fmt::format("\"code\":\"{}\",", code),
                    node_, quote(text), fields);
    out.append(line.data(), line.data() + line.size());
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<json_formatter>(*this);
  }

private:
  std::string node_;
};

/// Prints the message of a log line in the text format.
class message_flag : public spdlog::custom_flag_formatter {
public:
  static constexpr char letter = '*';

  void format(const spdlog::details::log_msg& x, const std::tm&,
              spdlog::memory_buf_t& out) override {
    auto text = net::split_log_fields({x.payload.data(), x.payload.size()});
    out.append(text.message.data(), text.message.data() + text.message.size());
  }

  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<message_flag>();
  }
};

std::unique_ptr<spdlog::formatter> make_text_formatter() {
  auto result = std::make_unique<spdlog::pattern_formatter>();
  result->add_flag<message_flag>(message_flag::letter);
  result->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %*");
  return result;
}

/// Limits the lines a second of each level, and logs the number of dropped
/// ones, so that a client that floods a node does not flood its log.
class sampling_sink : public spdlog::sinks::base_sink<std::mutex> {
public:
  explicit sampling_sink(spdlog::sink_ptr to) : to_(std::move(to)) {
    // nop
  }

protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    auto& [second, count] = budgets_.at(static_cast<size_t>(message.level));
    auto now = std::chrono::floor<std::chrono::seconds>(message.time);
    if (std::exchange(second, now) != now) {
      if (count > max_lines)
        to_->log(
          {message.logger_name, message.level,
           fmt::format("WB-106 {} similar lines dropped", count - max_lines)});
      count = 0;
    }
    if (++count <= max_lines)
      to_->log(message);
  }

  void flush_() override { to_->flush(); }

  void set_pattern_(const std::string& pattern) override {
    to_->set_pattern(pattern);
  }

  void set_formatter_(std::unique_ptr<spdlog::formatter> formatter) override {
    to_->set_formatter(std::move(formatter));
  }

private:
  struct budget {
    spdlog::log_clock::time_point second;
    size_t count = 0;
  };

  const spdlog::sink_ptr to_;
  std::array<budget, SPDLOG_LEVEL_OFF> budgets_;
};

/// Level of the lines that are kept.
constexpr auto recent_level = spdlog::level::info;

/// Keeps the last lines.
const auto recent
  = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(max_recent);

/// The name of the logger of clients' messages, which `recent` does not keep:
/// they would displace all else.
constexpr auto message_logger = "messages";

} // namespace

void start_log(const std::string& node, const std::string& level, bool json) {
  // Coloured lines are printed in pieces. Line buffering keeps them apart from
  // lines of other nodes on the same terminal.
  std::setvbuf(stderr, nullptr, _IOLBF, BUFSIZ);
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  // See https://no-color.org.
  if (auto setting = std::getenv("NO_COLOR"); setting && *setting != '\0')
    sink->set_color_mode(spdlog::color_mode::never);
  auto sampling = std::make_shared<sampling_sink>(std::move(sink));
  sampling->set_formatter(json ? std::make_unique<json_formatter>(node)
                               : make_text_formatter());
  auto kept = std::make_shared<sampling_sink>(recent);
  kept->set_level(recent_level);
  kept->set_formatter(std::make_unique<json_formatter>(node));
  auto logger = std::make_shared<spdlog::logger>(
    "waybill", spdlog::sinks_init_list{sampling, std::move(kept)});
  spdlog::set_default_logger(std::move(logger));
  spdlog::register_logger(
    std::make_shared<spdlog::logger>(message_logger, std::move(sampling)));
  set_log_level(level);
}

void set_log_level(const std::string& level) {
  auto least = spdlog::level::from_str(level);
  auto logger = spdlog::default_logger();
  logger->sinks().front()->set_level(least);
  logger->set_level(std::min(least, recent_level));
}

std::vector<std::string> recent_log() {
  return recent->last_formatted();
}

std::string ready_line(const std::string& node, const std::string& description,
                       bool json) {
  auto text = "ready: " + description;
  if (!json)
    return text + '\n';
  spdlog::memory_buf_t line;
  json_formatter{node}.format({"waybill", spdlog::level::info, text}, line);
  return {line.data(), line.size()};
}

const char* message_log::name() const {
  return "waybill.message-log";
}

message_log::behavior_type message_log::make_behavior() {
  return {
    [log = spdlog::get(message_logger)](const client_message& message) {
      log->info("{}message from {}: {} {}",
                net::log_fields({{"id", message.id}}), quote(message.id),
                to_string(message.body),
                quote(message.body.bytes().substr(0, excerpt_size)));
    },
  };
}

} // namespace waybill::app
