// Routes: the answer to an unknown path.

#include "net/api/route.hpp"

#include <algorithm>

namespace waybill::net {

namespace {

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

} // namespace

bool means_session(const target& target) {
  auto name = meant_by(target);
  return name == "websocket" || name == "ws" || name == "event";
}

response no_such_path(const target& target) {
  // Common mistakes and the path that was probably meant.
  constexpr std::pair<std::string_view, std::string_view> names[]
    = {{"websocket", "open a WebSocket at /websocket/{id}"},
       {"ws", "open a WebSocket at /websocket/{id}"},
       {"event", "open an event stream at /events/{id}"},
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

} // namespace waybill::net
