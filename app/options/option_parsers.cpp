#include "app/options/option_parsers.hpp"

#include <algorithm>
#include <charconv>

#include "actors/core/text.hpp"

namespace waybill::app {

std::optional<redis::server_url> read_redis(std::string_view text) {
  auto result = redis::server_url::parse(text);
  return result ? std::optional{*std::move(result)} : std::nullopt;
}

std::optional<heartbeat> read_heartbeat(std::string_view text) {
  auto end = text.find('=');
  if (end == 0 || end == text.npos || !is_utf8(text))
    return std::nullopt;
  return heartbeat{std::string{text.substr(0, end)},
                   std::string{text.substr(end + 1)}};
}

std::optional<upstream> read_upstream(std::string_view text) {
  if (text == "log")
    return upstream::log;
  if (text == "echo")
    return upstream::echo;
  if (text == "redis")
    return upstream::redis;
  if (text == "stream")
    return upstream::stream;
  return std::nullopt;
}

std::optional<same_id> read_same_id(std::string_view text) {
  if (text == "all")
    return same_id::all;
  if (text == "newest-per-node")
    return same_id::newest_per_node;
  if (text == "newest")
    return same_id::newest;
  return std::nullopt;
}

std::optional<slow_consumer> read_slow_consumer(std::string_view text) {
  if (text == "close")
    return slow_consumer::close;
  if (text == "drop-oldest")
    return slow_consumer::drop_oldest;
  return std::nullopt;
}

std::optional<uint64_t> read_memory(std::string_view text) {
  uint64_t count = 0;
  auto last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, count);
  auto unit = std::string_view{end, last};
  constexpr std::string_view units[] = {"", "KiB", "MiB", "GiB"};
  auto found = std::find(std::begin(units), std::end(units), unit);
  if (error != std::errc{} || count < 1 || found == std::end(units))
    return std::nullopt;
  auto bits = 10 * (found - std::begin(units));
  if (count > (uint64_t{1} << 40) >> bits)
    return std::nullopt;
  return count << bits;
}

std::optional<size_t> read_size(std::string_view text) {
  auto result = read_memory(text);
  return result && *result <= 1 << 30 ? std::optional<size_t>{*result}
                                      : std::nullopt;
}

std::optional<size_t> read_count(std::string_view text) {
  size_t result = 0;
  auto last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, result);
  if (error != std::errc{} || end != last || result < 1 || result > 1'000'000)
    return std::nullopt;
  return result;
}

std::optional<size_t> read_limit(std::string_view text) {
  return text == "0" ? 0 : read_count(text);
}

std::optional<std::chrono::milliseconds> read_timeout(std::string_view text) {
  auto result = net::parse_duration(text);
  return result && result->count() > 0 ? result : std::nullopt;
}

std::optional<size_t> read_replicas(std::string_view text) {
  auto result = read_limit(text);
  return result && *result <= 100 ? result : std::nullopt;
}

std::optional<size_t> read_threads(std::string_view text) {
  auto result = read_count(text);
  return result && *result <= 256 ? result : std::nullopt;
}

std::optional<std::string> read_level(std::string_view text) {
  for (auto level : {"debug", "info", "warn", "error"})
    if (text == level)
      return level;
  return std::nullopt;
}

std::optional<bool> read_format(std::string_view text) {
  if (text != "text" && text != "json")
    return std::nullopt;
  return text == "json";
}

std::optional<std::string> read_receipt(std::string_view text) {
  for (auto level :
       {receipt_level::routed, receipt_level::written, receipt_level::received})
    if (text == to_string(level))
      return to_string(level);
  return std::nullopt;
}

std::optional<bool> read_auth(std::string_view text) {
  if (text != "none" && text != "jwt")
    return std::nullopt;
  return text == "jwt";
}

} // namespace waybill::app
