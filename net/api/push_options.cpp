#include "net/api/push_options.hpp"

#include <algorithm>
#include <charconv>

#include "actors/core/text.hpp"
#include "net/config.hpp"

namespace waybill::net {

namespace {

std::optional<receipt_level> parse_level(std::string_view text) {
  for (auto level :
       {receipt_level::routed, receipt_level::written, receipt_level::received})
    if (text == to_string(level))
      return level;
  return std::nullopt;
}

/// Tells whether a text may be the `collapse` of a push.
bool is_collapse(std::string_view text) {
  return !text.empty() && text.size() <= 64
         && std::all_of(text.begin(), text.end(),
                        [](char c) { return c > 0x20 && c < 0x7f; });
}

/// Tells whether a line of a batch names its address by this member.
bool is_address(std::string_view name) {
  return name == "to" || name == "topic" || name == "all";
}

/// Tells whether a line of a batch may set this option.
bool is_member(std::string_view name) {
  return name == "ttl" || name == "collapse" || name == "fresh"
         || name == "retain";
}

/// Sets an option of a push to `address`: `ttl`, `collapse`, `fresh` or
/// `retain`.
/// @returns the problem, if there is one.
std::optional<std::string> set_option(push_options& to, std::string_view name,
                                      std::string_view value,
                                      const push_address& address) {
  if (name == "ttl") {
    auto ttl = parse_ttl(value);
    if (!ttl)
      return "set ttl to a number of seconds, up to a year";
    if (ttl->count() > 0 && !address.is_id())
      return "set ttl only for a push to an id";
    to.ttl = *ttl;
  } else if (name == "collapse") {
    if (!is_collapse(value))
      return "set collapse to 1 to 64 visible ASCII characters";
    if (!address.is_id())
      return "set collapse only for a push to an id";
    to.collapse = value;
  } else if (name == "fresh") {
    auto fresh = parse_duration(value);
    if (!fresh || fresh->count() == 0)
      return "set fresh to a duration such as 30s, 500ms or 10m";
    to.fresh = *fresh;
  } else if (name == "retain") {
    to.retain = parse_ttl(value);
    if (!to.retain)
      return "set retain to a number of seconds, up to a year";
    if (!address.is_topic())
      return "set retain only for a push to a topic";
  } else {
    return "use only the parameters receipt, wait, ttl, collapse, fresh and "
           "retain";
  }
  return std::nullopt;
}

} // namespace

std::optional<std::chrono::seconds> parse_ttl(std::string_view text) {
  int64_t count = 0;
  auto last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, count);
  if (error != std::errc{} || end != last || count < 0 || text.starts_with('-')
      || std::chrono::seconds{count} > longest_ttl)
    return std::nullopt;
  return std::chrono::seconds{count};
}

std::variant<push_options, response>
parse_push_options(const std::map<std::string, std::string>& query,
                   const push_address& address) {
  push_options result;
  for (auto& [name, value] : query) {
    if (name == "receipt") {
      auto want = parse_level(value);
      if (!want)
        return bad_parameter("set receipt to routed, written or received");
      result.want = *want;
    } else if (name == "wait") {
      auto wait = parse_duration(value);
      if (!wait)
        return bad_parameter("set wait to a duration such as 5s, 500ms or 10m");
      result.wait = *wait;
    } else if (auto problem = set_option(result, name, value, address)) {
      return bad_parameter(*problem);
    }
  }
  return result;
}

std::vector<std::string_view> lines_of(std::string_view body) {
  std::vector<std::string_view> result;
  while (!body.empty()) {
    auto end = std::min(body.find('\n'), body.size() - 1);
    auto line = body.substr(0, end + 1);
    body.remove_prefix(end + 1);
    if (line.find_first_not_of(" \t\r\n") != line.npos)
      result.push_back(line);
  }
  return result;
}

std::variant<batch_line, response> parse_line(std::string_view text) {
  auto bad = [](std::string message) {
    return error_response(http::status::bad_request, "bad_line",
                          std::move(message));
  };
  // Discards deeper values while parsing, to bound memory.
  auto shallow = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    return depth <= 1;
  };
  auto line = nlohmann::json::parse(mend_surrogates(text), shallow, false);
  if (!line.is_object())
    return bad("send a JSON object on each line");
  batch_line result;
  size_t addresses = 0;
  auto has_message = false;
  // The options depend on the address, which may follow them.
  std::vector<std::pair<std::string, std::string>> options;
  for (auto& [name, value] : line.items()) {
    // A null counts as absent.
    if (value.is_null() && (is_address(name) || is_member(name)))
      continue;
    if (name == "to" || name == "topic") {
      if (!value.is_string() || !is_name(value.get<std::string>()))
        return bad("send a valid name in to or topic");
      auto called = value.get<std::string>();
      result.address
        = name == "to" ? push_address::id(called) : push_address::topic(called);
      ++addresses;
    } else if (name == "all") {
      if (value != true)
        return bad("set all to true, or omit it");
      result.address = push_address::everyone();
      ++addresses;
    } else if (name == "message") {
      if (!value.is_string())
        return bad("set message to a string");
      result.message = value.get<std::string>();
      has_message = true;
    } else if (is_member(name)) {
      // A number that is written as a string counts as none.
      auto is_text = name == "collapse" || name == "fresh";
      options.emplace_back(name, is_text && value.is_string()
                                   ? value.get<std::string>()
                                 : is_text ? std::string{}
                                           : value.dump());
    } else {
      return bad("use only the members to, topic, all, message, ttl, "
                 "collapse, fresh and retain");
    }
  }
  if (addresses != 1 || !has_message)
    return bad("send a message and one of to, topic and all");
  for (auto& [name, value] : options)
    if (auto problem = set_option(result.options, name, value, result.address))
      return bad(*problem);
  if (result.options.retain == std::chrono::seconds{0}
      && result.message.empty())
    return bad("forget a last value by a push of its own");
  return result;
}

} // namespace waybill::net
