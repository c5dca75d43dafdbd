#include "net/api.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "net/config.hpp"

namespace waybill::net {

namespace {

using std::chrono::milliseconds;

constexpr auto default_wait = milliseconds{5000};

/// What a path leads to.
enum class resource { none, websocket, socket, livez, readyz, stats };

resource find_resource(const target& where) {
  auto& path = where.path;
  if (path.size() == 2 && path[0] == "websocket")
    return resource::websocket;
  if (path.size() == 2 && path[0] == "socket")
    return resource::socket;
  if (path.size() != 1)
    return resource::none;
  if (path[0] == "livez")
    return resource::livez;
  if (path[0] == "readyz")
    return resource::readyz;
  if (path[0] == "stats")
    return resource::stats;
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
    return "GET, HEAD, POST";
  case resource::livez:
  case resource::readyz:
  case resource::stats:
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

/// Checks the parameters of a request to an id. What is unknown is refused, not
/// ignored: nobody must believe that they asked for more than they get.
std::optional<answer> check_query(const request& what) {
  auto bad = [](std::string message) {
    return failure(http::status::bad_request, "bad_parameter",
                   std::move(message));
  };
  for (auto& [name, value] : what.where.query) {
    if (what.method != http::verb::post)
      return bad("presence has no parameters");
    if (name == "receipt") {
      if (value != "routed")
        return bad("receipt is: routed");
    } else if (name == "wait") {
      if (!parse_duration(value))
        return bad("wait is a duration such as 5s, 500ms or 10m");
    } else {
      return bad("the parameters of a push are receipt and wait");
    }
  }
  return std::nullopt;
}

answer bus_away() {
  return failure(http::status::service_unavailable, "bus_away",
                 "this node cannot reach the others now; try again");
}

answer unanswered(const std::string& push_id) {
  return failure(http::status::gateway_timeout, "unanswered",
                 "it is not known whether the push arrived",
                 {{"push", push_id}, {"nodes", 0}, {"unknown", 1}});
}

answer to_answer(const caf::error& why) {
  if (why == errc::bus_away)
    return bus_away();
  if (why == errc::unanswered)
    return failure(http::status::gateway_timeout, "unanswered",
                   "the bus did not answer; try again");
  return failure(http::status::internal_server_error, "refused",
                 "the bus refused this; its log and ours say why");
}

void handle_push(api_context& context, request what, timer_type& timer,
                 answer_handler then) {
  auto wait = default_wait;
  if (auto i = what.where.query.find("wait"); i != what.where.query.end())
    wait = *parse_duration(i->second);
  if (!what.binary && !is_utf8(what.body))
    return then(failure(http::status::bad_request, "bad_utf8",
                        "send text as UTF-8, or application/octet-stream"));
  auto id = context.actors.next_push_id();
  timer.expires_after(wait);
  timer.async_wait([id, then](boost::system::error_code ec) {
    if (!ec)
      then(unanswered(id));
  });
  auto type = what.binary ? payload::format::binary : payload::format::text;
  context.actors.publish(
    push_address::id(what.where.path[1]),
    push{id, payload{type, std::move(what.body)}},
    [id, then](caf::expected<uint64_t> nodes) {
      if (!nodes)
        then(nodes.error() == errc::unanswered ? unanswered(id)
                                               : to_answer(nodes.error()));
      else if (*nodes == 0)
        then(failure(http::status::not_found, "nobody",
                     "nobody holds this address, and nothing was kept",
                     {{"push", id}, {"nodes", 0}}));
      else
        then({http::status::ok, {{"push", id}, {"nodes", *nodes}}});
    });
}

void handle_presence(api_context& context, const request& what,
                     answer_handler then) {
  auto& id = what.where.path[1];
  context.actors.presence(
    push_address::id(id), [id, then](caf::expected<uint64_t> nodes) {
      if (!nodes)
        then(to_answer(nodes.error()));
      else
        then({http::status::ok,
              {{"id", id}, {"online", *nodes > 0}, {"nodes", *nodes}}});
    });
}

} // namespace

bool is_websocket(const request& what) noexcept {
  return find_resource(what.where) == resource::websocket;
}

void admit(api_context& context,
           std::function<void(std::optional<answer>)> then) {
  if (context.actors.draining())
    return then(failure(http::status::service_unavailable, "stopping",
                        "this node is stopping; use another"));
  context.actors.state([then](bus_state state) {
    then(state == bus_state::ready ? std::nullopt : std::optional{bus_away()});
  });
}

std::optional<answer> check(const request& what) {
  auto found = find_resource(what.where);
  if (found == resource::none)
    return failure(http::status::not_found, "no_such_path",
                   "push with POST /socket/{id}");
  if (what.method == http::verb::unknown)
    return failure(http::status::not_implemented, "no_such_method",
                   "use GET, HEAD or POST");
  auto allowed = allowed_methods(found);
  if (!is_allowed(allowed, what.method_name)) {
    auto result
      = failure(http::status::method_not_allowed, "method_not_allowed",
                "use one of the methods in Allow");
    result.fields.emplace_back(http::field::allow, std::string{allowed});
    return result;
  }
  if ((found == resource::websocket || found == resource::socket)
      && !is_name(what.where.path[1]))
    return failure(
      http::status::bad_request, "bad_id",
      "an id is UTF-8 of 1 to 256 bytes without control characters "
      "and slashes");
  if (found == resource::socket)
    return check_query(what);
  return std::nullopt;
}

void handle(api_context& context, request what, timer_type& timer,
            answer_handler then) {
  switch (find_resource(what.where)) {
  case resource::socket:
    if (what.method == http::verb::post)
      handle_push(context, std::move(what), timer, std::move(then));
    else
      handle_presence(context, what, std::move(then));
    break;
  case resource::readyz:
    admit(context, [then](std::optional<answer> wrong) {
      then(wrong ? std::move(*wrong)
                 : answer{http::status::ok, {{"status", "ready"}}});
    });
    break;
  case resource::livez:
    then({http::status::ok, {{"status", "live"}}});
    break;
  case resource::stats:
    context.actors.stats(
      [node = context.node_name, then](const counters& figures) {
        answer result{http::status::ok, {{"node", node}}};
        for (auto& [name, value] : figures)
          result.body[name] = value;
        then(std::move(result));
      });
    break;
  case resource::none:
  case resource::websocket:
    // Nobody asks: the one is refused by `check`, the other becomes a session.
    break;
  }
}

} // namespace waybill::net
