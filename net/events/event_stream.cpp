#include "net/events/event_stream.hpp"

#include <random>

namespace waybill::net {

namespace {

using std::chrono::milliseconds;

constexpr auto stream_type = "text/event-stream";
constexpr auto no_cache = "no-store, no-transform";

std::string retry_field(milliseconds time) {
  return "retry: " + std::to_string(time.count()) + "\n\n";
}

/// Returns whether a client must not come back after its session was closed.
bool is_final(close_code code) {
  return code == close_code::kicked || code == close_code::replaced;
}

} // namespace

milliseconds spread_lifetime(milliseconds lifetime) {
  std::random_device random;
  std::uniform_int_distribution<milliseconds::rep> among{
    (lifetime * 4 / 5).count(), (lifetime * 6 / 5).count()};
  return milliseconds{among(random)};
}

std::string open_stream(const std::string& origin, milliseconds retry) {
  std::string result = "HTTP/1.1 200 OK\r\nServer: waybill\r\nContent-Type: ";
  result += stream_type;
  result += "\r\nCache-Control: ";
  result += no_cache;
  // nginx buffers responses unless it is told not to.
  result += "\r\nX-Accel-Buffering: no\r\nConnection: close\r\n";
  if (!origin.empty())
    result += "Access-Control-Allow-Origin: " + origin + "\r\nVary: Origin\r\n";
  return result + "\r\n" + retry_field(retry);
}

std::string close_stream_text(const close_reason& reason,
                              event_position position, milliseconds retry) {
  auto result = ": " + reason.text + '\n';
  if (is_final(reason.code)) {
    position.closed = std::chrono::floor<std::chrono::seconds>(
      std::chrono::system_clock::now());
    // An event without data changes the last id of a client, and nothing else.
    result += "id: " + to_string(position) + '\n';
  }
  return result + retry_field(retry);
}

std::string close_event(const close_reason& reason) {
  json data{{"code", static_cast<int>(reason.code)}, {"reason", reason.text}};
  return "event: close\ndata: " + data.dump() + "\n\n";
}

bool may_pass(http::status status) {
  return status == http::status::too_many_requests
         || status >= http::status::internal_server_error;
}

response end_of_stream(const response& refusal, const std::string& origin,
                       milliseconds retry) {
  auto reason = refusal.body.value("error", "") + ": "
                + refusal.body.value("message", "");
  // The message may quote another system.
  for (auto& c : reason)
    if (c == '\r' || c == '\n')
      c = ' ';
  response result{http::status::ok,
                  ": " + reason + '\n' + retry_field(retry),
                  {{http::field::content_type, stream_type},
                   {http::field::cache_control, no_cache}}};
  allow_origin(result, origin);
  return result;
}

void allow_origin(response& to, const std::string& origin) {
  if (origin.empty())
    return;
  to.fields.emplace_back(http::field::access_control_allow_origin, origin);
  to.fields.emplace_back(http::field::vary, "Origin");
}

} // namespace waybill::net
