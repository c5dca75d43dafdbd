#include "net/api/route.hpp"

#include <algorithm>

#include "actors/core/text.hpp"
#include "net/api/client_options.hpp"
#include "net/api/path_pattern.hpp"
#include "net/api/push_options.hpp"
#include "net/envelope.hpp"

namespace waybill::net {

namespace {

using parsed_request = std::variant<request, response>;

/// The ports that serve a route.
enum class audience : uint8_t { clients, admins, everyone };

/// The input of the parser of a route.
struct parser_input {
  const request_head& head;

  /// The parts of the path that the route leaves open.
  const std::vector<std::string>& names;
  size_t max_topics;

  /// Returns the first of them; empty if there is none.
  std::string_view name() const {
    return names.empty() ? std::string_view{} : names.front();
  }
};

// -- parsers ------------------------------------------------------------------

/// Returns the value of a parameter, if it is there.
std::optional<std::string> parameter(const request_head& head,
                                     const char* name) {
  auto i = head.target.query.find(name);
  return i == head.target.query.end() ? std::nullopt : std::optional{i->second};
}

std::variant<client_request, response> parse_client(const parser_input& in) {
  return parse_client_options(in.head.target.query, push_address::id(in.name()),
                              in.max_topics);
}

parsed_request parse_websocket(const parser_input& in) {
  auto client = parse_client(in);
  if (auto wrong = std::get_if<response>(&client))
    return std::move(*wrong);
  return websocket_request{std::get<client_request>(std::move(client))};
}

/// Parses the position that a client sends; none if `text` is empty.
std::variant<event_position, response> parse_position(const std::string& text) {
  if (text.empty())
    return event_position{};
  if (auto position = event_position::parse(text))
    return *std::move(position);
  return bad_parameter("send the id of an event as the position");
}

parsed_request parse_events(const parser_input& in) {
  auto client = parse_client(in);
  if (auto wrong = std::get_if<response>(&client))
    return std::move(*wrong);
  // A browser keeps the URL of its stream, but sends the field anew.
  auto& last = in.head.last_event_id;
  auto position = parse_position(
    last.empty() ? parameter(in.head, "after").value_or("") : last);
  if (auto wrong = std::get_if<response>(&position))
    return std::move(*wrong);
  return events_request{std::get<client_request>(std::move(client)),
                        std::get<event_position>(std::move(position)),
                        parameter(in.head, "protocol") == named_protocol};
}

parsed_request parse_confirmation(const parser_input& in) {
  auto position = parse_position(parameter(in.head, "upto").value_or(""));
  if (auto wrong = std::get_if<response>(&position))
    return std::move(*wrong);
  auto& entry = std::get<event_position>(position).entry;
  if (entry.empty())
    return bad_parameter("set upto to the id of a kept push");
  return confirm_request{
    {push_address::id(in.name()), {}, parameter(in.head, "token")},
    std::move(entry)};
}

bool is_idempotency_key(const std::string& x) {
  return !x.empty() && x.size() <= 255
         && std::all_of(x.begin(), x.end(),
                        [](char c) { return c > 0x20 && c < 0x7f; });
}

parsed_request parse_push(const request_head& head, push_address address) {
  auto parsed = parse_push_options(head.target.query, address);
  if (auto wrong = std::get_if<response>(&parsed))
    return std::move(*wrong);
  auto& options = std::get<push_options>(parsed);
  options.context = head.context;
  auto& keys = head.idempotency_keys;
  if (keys.size() > 1 || (keys.size() == 1 && !is_idempotency_key(keys[0])))
    return bad_parameter(
      "send one Idempotency-Key of 1 to 255 visible ASCII characters");
  return push_request{std::move(address), std::move(options),
                      head.binary ? payload::format::binary
                                  : payload::format::text,
                      keys.empty() ? std::string{} : keys[0]};
}

parsed_request parse_id_push(const parser_input& in) {
  return parse_push(in.head, push_address::id(in.name()));
}

parsed_request parse_topic_push(const parser_input& in) {
  return parse_push(in.head, push_address::topic(in.name()));
}

parsed_request parse_broadcast(const parser_input& in) {
  return parse_push(in.head, push_address::everyone());
}

parsed_request parse_batch(const parser_input& in) {
  auto parsed
    = parse_push_options(in.head.target.query, push_address::everyone());
  if (auto wrong = std::get_if<response>(&parsed))
    return std::move(*wrong);
  auto& options = std::get<push_options>(parsed);
  if (!in.head.idempotency_keys.empty())
    return bad_parameter("send an Idempotency-Key only with a single push");
  if (options.fresh.count() > 0)
    return bad_parameter("set fresh on each line of a batch");
  options.context = in.head.context;
  return batch_request{std::move(options)};
}

/// Returns an error if there are parameters.
std::optional<response> check_bare(const request_head& head) {
  return head.target.query.empty()
           ? std::nullopt
           : std::optional{bad_parameter("send " + std::string{head.method_name}
                                         + " without parameters")};
}

parsed_request parse_kick(const parser_input& in) {
  auto reason = parameter(in.head, "reason");
  if (in.head.target.query.size() > (reason ? 1 : 0))
    return bad_parameter("send DELETE with no parameter but reason");
  if (reason && !is_reason(*reason))
    return bad_parameter(
      "set reason to 1 to 100 bytes of UTF-8 without control characters");
  return kick_request{push_address::id(in.name()), reason.value_or("")};
}

parsed_request parse_mailbox(const parser_input& in) {
  if (auto wrong = check_bare(in.head))
    return std::move(*wrong);
  return mailbox_request{push_address::id(in.name()),
                         in.head.method == http::verb::delete_};
}

/// Parses the parameters of a question to other nodes.
/// @param wait is set to the value of `wait`.
/// @param name of a parameter that is 0 or 1; empty if there is none.
/// @param flag is set to the value of that parameter; may be null if there is
///        none.
std::optional<response> parse_question(const request_head& head,
                                       std::chrono::milliseconds& wait,
                                       const std::string& name = "",
                                       bool* flag = nullptr) {
  for (auto& [key, value] : head.target.query) {
    auto duration = parse_duration(value);
    if (key == "wait" && duration)
      wait = *duration;
    else if (flag && key == name && (value == "0" || value == "1"))
      *flag = value == "1";
    else
      return bad_parameter("use only wait, a duration such as 5s"
                           + (flag ? ", and " + name + ", 0 or 1" : ""));
  }
  return std::nullopt;
}

/// @param named returns the address of a name.
template <push_address (*named)(std::string_view)>
parsed_request parse_presence(const parser_input& in) {
  presence_request result{named(in.name())};
  if (auto wrong
      = parse_question(in.head, result.wait, "detail", &result.detail))
    return std::move(*wrong);
  return result;
}

/// @param type is `subscribe`, which may have a `ttl`, or `unsubscribe`.
template <query::kind type>
parsed_request parse_topic(const parser_input& in) {
  topic_request result{push_address::id(in.names[0]),
                       push_address::topic(in.names[1]), type};
  constexpr auto may_keep = type == query::kind::subscribe;
  for (auto& [name, value] : in.head.target.query) {
    auto wait = parse_duration(value);
    auto ttl = parse_ttl(value);
    if (name == "wait" && wait)
      result.wait = *wait;
    else if (name == "ttl" && ttl && may_keep)
      result.ttl = *ttl;
    else
      return bad_parameter(may_keep
                             ? "use only wait, a duration such as 5s, and ttl, "
                               "a number of seconds up to a year"
                             : "use only wait, a duration such as 5s");
  }
  return result;
}

parsed_request parse_trace(const parser_input& in) {
  trace_request result{push_address::id(in.name())};
  if (auto wrong = parse_question(in.head, result.wait))
    return std::move(*wrong);
  return result;
}

parsed_request parse_why(const parser_input& in) {
  why_request result{push_address::id(in.name())};
  for (auto& [name, value] : in.head.target.query) {
    auto wait = parse_duration(value);
    if (name == "wait" && wait)
      result.wait = *wait;
    else if (name == "push" && !value.empty())
      result.push = value;
    else
      return bad_parameter("use only wait, a duration such as 5s, and push, "
                           "the name of a push");
  }
  return result;
}

parsed_request parse_stats(const parser_input& in) {
  stats_request result;
  if (auto wrong
      = parse_question(in.head, result.wait, "cluster", &result.cluster))
    return std::move(*wrong);
  return result;
}

parsed_request parse_ranking(const parser_input& in) {
  ranking_request result;
  if (auto wrong = parse_question(in.head, result.wait))
    return std::move(*wrong);
  return result;
}

parsed_request parse_file(const parser_input& in) {
  return file_request{std::string{in.name()}};
}

parsed_request parse_root(const parser_input&) {
  return redirect_request{"console"};
}

parsed_request parse_folder(const parser_input&) {
  return redirect_request{"../console"};
}

/// Ignores all parameters, which probes and scrapers may add.
template <class T>
parsed_request parse_bare(const parser_input&) {
  return T{};
}

// -- routes -------------------------------------------------------------------

/// One row a route. The handlers are the overloads of `handle` in `api.cpp`.
struct route_info {
  /// `{id}` and `{name}` stand for a segment that satisfies `is_name`, `{file}`
  /// for any segment that is not empty.
  std::string_view path;

  /// Methods, in the syntax of `Allow`. Routes of one path are in the
  /// alphabetical order of their methods.
  std::string_view methods;

  std::optional<scope> needed;
  audience ports;
  parsed_request (*parse)(const parser_input&);
};

constexpr auto no_key = std::optional<scope>{};

constexpr route_info routes[] = {
  {"/websocket/{id}", "GET", no_key, audience::clients, parse_websocket},
  {"/events/{id}", "GET", no_key, audience::clients, parse_events},
  {"/events/{id}/confirm", "POST", no_key, audience::clients,
   parse_confirmation},
  {"/socket/{id}", "DELETE", scope::kick, audience::admins, parse_kick},
  {"/socket/{id}", "GET, HEAD", scope::presence, audience::admins,
   parse_presence<push_address::id>},
  {"/socket/{id}", "POST", scope::push, audience::admins, parse_id_push},
  {"/socket/{id}/mailbox", "DELETE", scope::kick, audience::admins,
   parse_mailbox},
  {"/socket/{id}/mailbox", "GET, HEAD", scope::presence, audience::admins,
   parse_mailbox},
  {"/socket/{id}/topics/{name}", "DELETE", scope::push, audience::admins,
   parse_topic<query::kind::unsubscribe>},
  {"/socket/{id}/topics/{name}", "PUT", scope::push, audience::admins,
   parse_topic<query::kind::subscribe>},
  {"/topic/{name}", "GET, HEAD", scope::presence, audience::admins,
   parse_presence<push_address::topic>},
  {"/topic/{name}", "POST", scope::push, audience::admins, parse_topic_push},
  {"/broadcast", "POST", scope::push, audience::admins, parse_broadcast},
  {"/push", "POST", scope::push, audience::admins, parse_batch},
  {"/trace/{id}", "GET, HEAD", scope::presence, audience::admins, parse_trace},
  {"/why/{id}", "GET, HEAD", scope::presence, audience::admins, parse_why},
  {"/stats", "GET, HEAD", scope::admin, audience::admins, parse_stats},
  {"/largest", "GET, HEAD", scope::admin, audience::admins, parse_ranking},
  {"/history", "GET, HEAD", scope::admin, audience::admins,
   parse_bare<history_request>},
  {"/metrics", "GET, HEAD", scope::admin, audience::admins,
   parse_bare<metrics_request>},
  {"/livez", "GET, HEAD", no_key, audience::everyone,
   parse_bare<liveness_request>},
  {"/readyz", "GET, HEAD", no_key, audience::everyone,
   parse_bare<readiness_request>},
  {"/", "GET, HEAD", no_key, audience::admins, parse_root},
  {"/console", "GET, HEAD", no_key, audience::admins, parse_file},
  {"/console/", "GET, HEAD", no_key, audience::admins, parse_folder},
  {"/console/{file}", "GET, HEAD", no_key, audience::admins, parse_file},
};

bool contains_method(std::string_view methods, std::string_view method) {
  for (size_t i = 0; i < methods.size();) {
    auto end = std::min(methods.find(", ", i), methods.size());
    if (methods.substr(i, end - i) == method)
      return true;
    i = end + 2;
  }
  return false;
}

/// Returns an error that names the right port if `port` does not serve
/// `ports`.
std::optional<response> check_port(audience ports, port_role port) {
  if (port == port_role::clients && ports == audience::admins)
    return error_response(
      http::status::not_found, "admin_port",
      "this port serves only clients; use the port of --admin-listen");
  if (port == port_role::admins && ports == audience::clients)
    return error_response(
      http::status::not_found, "client_port",
      "this port serves only admins; use the port of --listen");
  return std::nullopt;
}

response method_not_allowed(std::string_view path) {
  std::string methods;
  for (auto& row : routes)
    if (row.path == path)
      methods.append(methods.empty() ? "" : ", ").append(row.methods);
  auto result
    = error_response(http::status::method_not_allowed, "method_not_allowed",
                     "use a method that the Allow field lists");
  result.fields.emplace_back(http::field::allow, std::move(methods));
  return result;
}

} // namespace

std::variant<routed_request, response>
route(const request_head& head, port_role port, size_t max_topics) {
  std::optional<std::vector<std::string>> names;
  auto row = std::find_if(std::begin(routes), std::end(routes), [&](auto& x) {
    names = match_path(x.path, head.target.path);
    return names.has_value();
  });
  if (!names && (port != port_role::clients || means_session(head.target)))
    return no_such_path(head.target);
  if (auto wrong = check_port(names ? row->ports : audience::admins, port))
    return std::move(*wrong);
  if (head.method == http::verb::unknown)
    return error_response(http::status::not_implemented, "no_such_method",
                          "use DELETE, GET, HEAD, POST or PUT");
  auto pattern = row->path;
  row = std::find_if(row, std::end(routes), [&](auto& x) {
    return x.path == pattern && contains_method(x.methods, head.method_name);
  });
  if (row == std::end(routes))
    return method_not_allowed(pattern);
  if (has_name(pattern) && !std::all_of(names->begin(), names->end(), is_name))
    return error_response(http::status::bad_request, "bad_id",
                          "send a name of 1 to 256 bytes of UTF-8 without "
                          "control characters and slashes");
  auto parsed = row->parse({head, *names, max_topics});
  if (auto wrong = std::get_if<response>(&parsed))
    return std::move(*wrong);
  return routed_request{row->needed, std::get<request>(std::move(parsed))};
}

} // namespace waybill::net
