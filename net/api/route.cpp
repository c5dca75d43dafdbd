#include "net/api/route.hpp"

#include <algorithm>

#include "net/api/push_options.hpp"

namespace waybill::net {

namespace {

/// Returns the methods of a resource, in the syntax of `Allow`.
std::string_view allowed_methods(resource resource) {
  switch (resource) {
  case resource::none:
    return "";
  case resource::websocket:
    return "GET";
  case resource::socket:
    return "DELETE, GET, HEAD, POST";
  case resource::topic:
  case resource::broadcast:
  case resource::batch:
    return "POST";
  case resource::livez:
  case resource::readyz:
  case resource::stats:
  case resource::trace:
  case resource::metrics:
  case resource::console:
    return "GET, HEAD";
  }
  return "";
}

bool is_allowed(std::string_view methods, std::string_view method) {
  for (size_t i = 0; i < methods.size();) {
    auto end = std::min(methods.find(", ", i), methods.size());
    if (methods.substr(i, end - i) == method)
      return true;
    i = end + 2;
  }
  return false;
}

/// Returns an error that names the right port if `port` does not serve
/// `resource`.
std::optional<response> check_port(resource resource, port_role port) {
  switch (port) {
  case port_role::both:
    break;
  case port_role::clients:
    if (resource != resource::websocket && resource != resource::livez
        && resource != resource::readyz)
      return error_response(
        http::status::not_found, "admin_port",
        "this port serves only clients; use the port of --admin-listen");
    break;
  case port_role::admins:
    if (resource == resource::websocket)
      return error_response(
        http::status::not_found, "client_port",
        "this port serves only admins; use the port of --listen");
  }
  return std::nullopt;
}

/// Checks the parameters of a query to other nodes.
/// @param flag the parameter that enables the query; empty if there is none.
std::optional<response> check_question(const request& request,
                                       const std::string& flag) {
  for (auto& [name, value] : request.target.query)
    if (name == "wait"
          ? !parse_duration(value)
          : flag.empty() || name != flag || (value != "0" && value != "1"))
      return bad_parameter(
        "use only wait, a duration such as 5s"
        + (flag.empty() ? "" : ", and " + flag + ", 0 or 1"));
  return std::nullopt;
}

/// Checks the parameters and the Idempotency-Key of a push.
std::optional<response> check_push(const request& request, resource resource) {
  auto options
    = parse_push_options(request.target.query, resource == resource::socket);
  if (auto wrong = std::get_if<response>(&options))
    return std::move(*wrong);
  auto is_key = [](const std::string& x) {
    return !x.empty() && x.size() <= 255
           && std::all_of(x.begin(), x.end(),
                          [](char c) { return c > 0x20 && c < 0x7f; });
  };
  if (request.keys.empty())
    return std::nullopt;
  if (resource == resource::batch)
    return bad_parameter("send an Idempotency-Key only with a single push");
  if (request.keys.size() > 1 || !is_key(request.keys.front()))
    return bad_parameter(
      "send one Idempotency-Key of 1 to 255 visible ASCII characters");
  return std::nullopt;
}

std::optional<response> check_topics(const request& request,
                                     size_t max_topics) {
  auto topics = topics_of(request);
  if (topics.size() > max_topics)
    return bad_parameter("subscribe to at most " + std::to_string(max_topics)
                         + " topics");
  if (!std::all_of(topics.begin(), topics.end(), is_name))
    return bad_parameter("set topics to valid names, separated by commas");
  return std::nullopt;
}

/// Returns the first segment of a path, normalized to lower case and the
/// singular.
std::string meant_by(const target& target) {
  std::string result = target.path.empty() ? "" : target.path.front();
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  if (result.ends_with('s') && result != "ws")
    result.pop_back();
  return result;
}

bool means_websocket(const target& target) {
  auto name = meant_by(target);
  return name == "websocket" || name == "ws";
}

} // namespace

response no_such_path(const target& target) {
  // Common mistakes and the path that was probably meant.
  constexpr std::pair<std::string_view, std::string_view> names[]
    = {{"websocket", "open a WebSocket at /websocket/{id}"},
       {"ws", "open a WebSocket at /websocket/{id}"},
       {"socket", "push with POST /socket/{id}"},
       {"topic", "push to a topic with POST /topic/{name}"},
       {"broadcast", "push to everyone with POST /broadcast"},
       {"push", "push a batch with POST /push"},
       {"batch", "push a batch with POST /push"},
       {"stat", "read the counters with GET /stats"},
       {"metric", "read the metrics with GET /metrics"},
       {"trace", "read the trace of an id with GET /trace/{id}"},
       {"live", "check whether the node is live with GET /livez"},
       {"livez", "check whether the node is live with GET /livez"},
       {"health", "check whether the node is ready with GET /readyz"},
       {"healthz", "check whether the node is ready with GET /readyz"},
       {"ready", "check whether the node is ready with GET /readyz"},
       {"readyz", "check whether the node is ready with GET /readyz"},
       {"console", "open the console at /console"}};
  auto name = meant_by(target);
  auto found = std::find_if(std::begin(names), std::end(names),
                            [&](auto& x) { return x.first == name; });
  std::string message{found == std::end(names)
                        ? "open a WebSocket at /websocket/{id}, or push with "
                          "POST /socket/{id}"
                        : found->second};
  if (target.path.size() > 1 && target.path.back().empty())
    message += ", without a slash at the end";
  return error_response(http::status::not_found, "no_such_path",
                        std::move(message));
}

resource resource_of(const target& target) noexcept {
  auto& path = target.path;
  if (path.size() == 2 && path[0] == "websocket")
    return resource::websocket;
  if (path.size() == 2 && path[0] == "socket")
    return resource::socket;
  if (path.size() == 2 && path[0] == "topic")
    return resource::topic;
  if (path.size() == 2 && path[0] == "trace")
    return resource::trace;
  if (path.size() == 2 && path[0] == "console" && !path[1].empty())
    return resource::console;
  if (path.size() != 1)
    return resource::none;
  if (path[0] == "broadcast")
    return resource::broadcast;
  if (path[0] == "push")
    return resource::batch;
  if (path[0] == "livez")
    return resource::livez;
  if (path[0] == "readyz")
    return resource::readyz;
  if (path[0] == "stats")
    return resource::stats;
  if (path[0] == "metrics")
    return resource::metrics;
  if (path[0] == "console")
    return resource::console;
  return resource::none;
}

std::string parameter(const request& request, const std::string& name,
                      const char* otherwise) {
  auto i = request.target.query.find(name);
  return i == request.target.query.end() ? otherwise : i->second;
}

bool is_websocket(const request& request) noexcept {
  return resource_of(request.target) == resource::websocket;
}

std::optional<scope> scope_of(const request& request) noexcept {
  switch (resource_of(request.target)) {
  case resource::socket:
    return request.method == http::verb::post      ? scope::push
           : request.method == http::verb::delete_ ? scope::kick
                                                   : scope::presence;
  case resource::trace:
    return scope::presence;
  case resource::topic:
  case resource::broadcast:
  case resource::batch:
    return scope::push;
  case resource::stats:
  case resource::metrics:
    return scope::admin;
  case resource::none:
  case resource::websocket:
  case resource::livez:
  case resource::readyz:
  case resource::console:
    break;
  }
  return std::nullopt;
}

std::optional<push_address> address_of(const request& request) {
  switch (resource_of(request.target)) {
  case resource::websocket:
  case resource::socket:
  case resource::trace:
    return push_address::id(request.target.path[1]);
  case resource::topic:
    return push_address::topic(request.target.path[1]);
  case resource::broadcast:
    return push_address::everyone();
  case resource::none:
  case resource::batch:
  case resource::livez:
  case resource::readyz:
  case resource::stats:
  case resource::metrics:
  case resource::console:
    break;
  }
  return std::nullopt;
}

std::vector<std::string> topics_of(const request& request) {
  std::vector<std::string> result;
  auto list = parameter(request, "topics", "");
  for (size_t i = 0; i < list.size();) {
    auto end = std::min(list.find(',', i), list.size());
    auto name = list.substr(i, end - i);
    if (std::find(result.begin(), result.end(), name) == result.end())
      result.push_back(std::move(name));
    i = end + 1;
  }
  return result;
}

std::optional<response> check(const request& request, size_t max_topics) {
  auto found = resource_of(request.target);
  if (found == resource::none
      && (request.port != port_role::clients
          || means_websocket(request.target)))
    return no_such_path(request.target);
  if (auto wrong = check_port(found, request.port))
    return wrong;
  if (request.method == http::verb::unknown)
    return error_response(http::status::not_implemented, "no_such_method",
                          "use DELETE, GET, HEAD or POST");
  auto allowed = allowed_methods(found);
  if (!is_allowed(allowed, request.method_name)) {
    auto result
      = error_response(http::status::method_not_allowed, "method_not_allowed",
                       "use a method that the Allow field lists");
    result.fields.emplace_back(http::field::allow, std::string{allowed});
    return result;
  }
  if (found != resource::console && request.target.path.size() == 2
      && !is_name(request.target.path[1]))
    return error_response(http::status::bad_request, "bad_id",
                          "send a name of 1 to 256 bytes of UTF-8 without "
                          "control characters and slashes");
  switch (found) {
  case resource::websocket:
    return check_topics(request, max_topics);
  case resource::socket:
    if (request.method == http::verb::delete_ && !request.target.query.empty())
      return bad_parameter("send DELETE without parameters");
    return request.method == http::verb::post
             ? check_push(request, found)
             : check_question(request, "detail");
  case resource::topic:
  case resource::broadcast:
  case resource::batch:
    return check_push(request, found);
  case resource::stats:
    return check_question(request, "cluster");
  case resource::trace:
    return check_question(request, "");
  case resource::none:
  case resource::livez:
  case resource::readyz:
  case resource::metrics:
  case resource::console:
    break;
  }
  return std::nullopt;
}

} // namespace waybill::net
