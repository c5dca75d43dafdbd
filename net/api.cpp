#include "net/api.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "net/config.hpp"
#include "net/metrics.hpp"
#include "net/network.hpp"
#include "net/push.hpp"

namespace waybill::net {

namespace {

/// What a path leads to.
enum class resource {
  none,
  websocket,
  socket,
  topic,
  broadcast,
  batch,
  livez,
  readyz,
  stats,
  metrics
};

resource find_resource(const target& where) {
  auto& path = where.path;
  if (path.size() == 2 && path[0] == "websocket")
    return resource::websocket;
  if (path.size() == 2 && path[0] == "socket")
    return resource::socket;
  if (path.size() == 2 && path[0] == "topic")
    return resource::topic;
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
  return resource::none;
}

/// Returns the methods of a resource as `Allow` lists them.
std::string_view allowed_methods(resource what) {
  switch (what) {
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
  case resource::metrics:
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

/// Tells where to go instead if a port does not serve `what`.
std::optional<answer> check_port(resource what, port_role port) {
  switch (port) {
  case port_role::both:
    break;
  case port_role::clients:
    if (what != resource::websocket && what != resource::livez
        && what != resource::readyz)
      return failure(http::status::not_found, "admin_port",
                     "this port is for clients; use the one of --admin-listen");
    break;
  case port_role::admins:
    if (what == resource::websocket)
      return failure(http::status::not_found, "client_port",
                     "this port is for admins; use the one of --listen");
  }
  return std::nullopt;
}

answer bad_parameter(std::string message) {
  return failure(http::status::bad_request, "bad_parameter",
                 std::move(message));
}

/// Returns the value of a parameter, or `otherwise`.
std::string parameter(const request& what, const std::string& name,
                      const char* otherwise) {
  auto i = what.where.query.find(name);
  return i == what.where.query.end() ? otherwise : i->second;
}

/// Checks the parameters of a request for presence.
std::optional<answer> check_presence(const request& what) {
  for (auto& [name, value] : what.where.query)
    if (name == "wait" ? !parse_duration(value)
                       : name != "detail" || (value != "0" && value != "1"))
      return bad_parameter("the parameters of presence are detail, which is 0 "
                           "or 1, and wait, a duration such as 5s");
  return std::nullopt;
}

/// Checks the parameters and keys of a push.
std::optional<answer> check_push(const request& what, resource where) {
  auto options
    = parse_push_options(what.where.query, where == resource::socket);
  if (auto wrong = std::get_if<answer>(&options))
    return std::move(*wrong);
  auto is_key = [](const std::string& x) {
    return !x.empty() && x.size() <= 255
           && std::all_of(x.begin(), x.end(),
                          [](char c) { return c > 0x20 && c < 0x7f; });
  };
  if (what.keys.empty())
    return std::nullopt;
  if (where == resource::batch)
    return bad_parameter("Idempotency-Key is for single pushes");
  if (what.keys.size() > 1 || !is_key(what.keys.front()))
    return bad_parameter("Idempotency-Key has 1 to 255 visible ASCII "
                         "characters");
  return std::nullopt;
}

std::optional<answer> check_topics(const request& what, size_t max_topics) {
  auto topics = topics_of(what);
  if (topics.size() > max_topics)
    return bad_parameter("listen to at most " + std::to_string(max_topics)
                         + " topics");
  if (!std::all_of(topics.begin(), topics.end(), is_name))
    return bad_parameter("topics are names with commas between them");
  return std::nullopt;
}

void handle_presence(api_context& context, const request& what,
                     answer_handler then) {
  auto& id = what.where.path[1];
  auto where = push_address::id(id);
  if (parameter(what, "detail", "0") == "0")
    return context.actors.presence(
      where, [id, then](const caf::expected<uint64_t>& nodes) {
        if (!nodes)
          then(to_answer(nodes.error()));
        else
          then({http::status::ok,
                {{"id", id}, {"online", *nodes > 0}, {"nodes", *nodes}}});
      });
  push question{context.actors.next_push_id()};
  question.what = push::purpose::inspect;
  question.wait = *parse_duration(parameter(what, "wait", "5s"));
  context.actors.publish(where, std::move(question),
                         [id, then](const caf::expected<outcome>& found) {
                           if (!found)
                             return then(to_answer(found.error()));
                           auto sessions = json::array();
                           for (auto& each : found->details)
                             sessions.push_back({{"node", each.node},
                                                 {"peer", each.peer},
                                                 {"age", each.age},
                                                 {"queue", each.queue}});
                           auto online
                             = !sessions.empty() || found->unknown > 0;
                           then({http::status::ok,
                                 {{"id", id},
                                  {"online", online},
                                  {"nodes", found->counts.nodes},
                                  {"sessions", std::move(sessions)},
                                  {"unknown", found->unknown}}});
                         });
}

answer stopping() {
  return failure(http::status::service_unavailable, "stopping",
                 "this node is stopping; use another");
}

void handle_readyz(api_context& context, answer_handler then) {
  if (context.actors.draining())
    return then(stopping());
  context.actors.state([then](bus_state state) {
    then(state == bus_state::ready
           ? answer{http::status::ok, {{"status", "ready"}}}
           : to_answer(errc::bus_away));
  });
}

void handle_stats(api_context& context, answer_handler then) {
  context.actors.stats(
    [node = context.node_name, then](const counters& figures) {
      answer result{http::status::ok, {{"node", node}}};
      for (auto& [name, value] : figures)
        result.body[name] = value;
      then(std::move(result));
    });
}

void handle_metrics(api_context& context, answer_handler then) {
  context.actors.state([&context, then](bus_state state) {
    context.actors.stats([&context, state, then](const counters& figures) {
      then({http::status::ok,
            to_metrics(figures, state, context.node_name, context.version)});
    });
  });
}

/// Returns how many pushes a request asks for.
uint64_t count_pushes(const request& what) {
  if (what.method != http::verb::post)
    return 0;
  return find_resource(what.where) == resource::batch ? count_lines(what.body)
                                                      : 1;
}

answer too_fast(caf::timespan wait) {
  auto result = failure(http::status::too_many_requests, "too_many_pushes",
                        "push more slowly");
  auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  result.fields = {{http::field::retry_after, std::to_string(seconds)}};
  return result;
}

/// Answers a request whose pusher may push.
void run(api_context& context, request what, timer_type& timer,
         answer_handler then) {
  switch (find_resource(what.where)) {
  case resource::socket:
  case resource::topic:
  case resource::broadcast: {
    auto where = *address_of(what);
    if (what.method == http::verb::post)
      handle_push(context, where, std::move(what), timer, std::move(then));
    else if (what.method == http::verb::delete_)
      handle_kick(context, where, timer, std::move(then));
    else
      handle_presence(context, what, std::move(then));
    break;
  }
  case resource::batch:
    handle_batch(context, std::move(what), timer, std::move(then));
    break;
  case resource::readyz:
    handle_readyz(context, then);
    break;
  case resource::livez:
    then({http::status::ok, {{"status", "live"}}});
    break;
  case resource::stats:
    handle_stats(context, std::move(then));
    break;
  case resource::metrics:
    handle_metrics(context, std::move(then));
    break;
  case resource::none:
  case resource::websocket:
    // Nobody asks: the one is refused by `check`, the other becomes a session.
    break;
  }
}

} // namespace

bool is_websocket(const request& what) noexcept {
  return find_resource(what.where) == resource::websocket;
}

std::optional<scope> scope_of(const request& what) noexcept {
  switch (find_resource(what.where)) {
  case resource::socket:
    return what.method == http::verb::post      ? scope::push
           : what.method == http::verb::delete_ ? scope::kick
                                                : scope::presence;
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
    break;
  }
  return std::nullopt;
}

std::optional<push_address> address_of(const request& what) {
  switch (find_resource(what.where)) {
  case resource::websocket:
  case resource::socket:
    return push_address::id(what.where.path[1]);
  case resource::topic:
    return push_address::topic(what.where.path[1]);
  case resource::broadcast:
    return push_address::everyone();
  case resource::none:
  case resource::batch:
  case resource::livez:
  case resource::readyz:
  case resource::stats:
  case resource::metrics:
    break;
  }
  return std::nullopt;
}

std::vector<std::string> topics_of(const request& what) {
  std::vector<std::string> result;
  auto list = parameter(what, "topics", "");
  for (size_t i = 0; i < list.size();) {
    auto end = std::min(list.find(',', i), list.size());
    auto name = list.substr(i, end - i);
    if (std::find(result.begin(), result.end(), name) == result.end())
      result.push_back(std::move(name));
    i = end + 1;
  }
  return result;
}

void admit(api_context& context, const request& what,
           std::function<void(std::variant<place_ptr, answer>)> then) {
  if (context.actors.draining())
    return then(stopping());
  auto& id = what.where.path[1];
  context.actors.admit(
    id, network_of(what.client),
    [&context, id, then](const caf::expected<place_ptr>& got) {
      if (!got)
        return then(to_answer(got.error()));
      context.actors.state(push_address::id(id),
                           [got = *got, then](bus_state state) {
                             if (state == bus_state::ready)
                               then(got);
                             else
                               then(to_answer(errc::bus_away));
                           });
    });
}

std::optional<answer> check(const request& what, size_t max_topics) {
  auto found = find_resource(what.where);
  if (auto wrong = check_port(found, what.port))
    return wrong;
  if (found == resource::none)
    return failure(http::status::not_found, "no_such_path",
                   "push with POST /socket/{id}");
  if (what.method == http::verb::unknown)
    return failure(http::status::not_implemented, "no_such_method",
                   "use DELETE, GET, HEAD or POST");
  auto allowed = allowed_methods(found);
  if (!is_allowed(allowed, what.method_name)) {
    auto result
      = failure(http::status::method_not_allowed, "method_not_allowed",
                "use one of the methods in Allow");
    result.fields.emplace_back(http::field::allow, std::string{allowed});
    return result;
  }
  if (what.where.path.size() == 2 && !is_name(what.where.path[1]))
    return failure(
      http::status::bad_request, "bad_id",
      "an id is UTF-8 of 1 to 256 bytes without control characters "
      "and slashes");
  switch (found) {
  case resource::websocket:
    return check_topics(what, max_topics);
  case resource::socket:
    if (what.method == http::verb::delete_ && !what.where.query.empty())
      return bad_parameter("to close sessions takes no parameters");
    return what.method == http::verb::post ? check_push(what, found)
                                           : check_presence(what);
  case resource::topic:
  case resource::broadcast:
  case resource::batch:
    return check_push(what, found);
  case resource::none:
  case resource::livez:
  case resource::readyz:
  case resource::stats:
  case resource::metrics:
    break;
  }
  return std::nullopt;
}

void handle(api_context& context, request what, timer_type& timer,
            answer_handler then) {
  auto pushes = context.limits_pushes ? count_pushes(what) : 0;
  if (pushes == 0)
    return run(context, std::move(what), timer, std::move(then));
  auto& key = what.allowed.pusher;
  auto pusher = key.empty() ? network_of(what.client) : "key " + key;
  context.actors.spend(pusher, pushes,
                       [&context, what = std::move(what), &timer, then](
                         const caf::expected<caf::timespan>& wait) mutable {
                         if (wait && wait->count() > 0)
                           then(too_fast(*wait));
                         else
                           run(context, std::move(what), timer,
                               std::move(then));
                       });
}

} // namespace waybill::net
