#include "net/server/connection.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include "net/client_key.hpp"
#include "net/http/forwarded.hpp"
#include "net/log_fields.hpp"
#include "net/quote.hpp"
#include "net/server/http_connection.hpp"

namespace waybill::net {

namespace {

/// A refusal that an operator should know of.
struct refusal_warning {
  /// The `error` of the response.
  std::string_view error;

  /// The code in docs/reference/codes.md.
  std::string_view code;
};

/// All errors with a status of 500 and more, but for 501: that is the client's.
constexpr std::array<refusal_warning, 7> warnings{{
  {"bus_away", "WB-213"},
  {"node_full", "WB-303"},
  {"too_many_upgrades", "WB-305"},
  {"stopping", "WB-306"},
  {"busy", "WB-601"},
  {"unanswered", "WB-602"},
  {"mailbox_full", "WB-603"},
}};

/// Describes a request for the log. Omits the query, which may contain a token.
std::string describe(const http::request_header<>& head) {
  constexpr size_t longest = 100;
  std::string_view path = head.target();
  path = path.substr(0, std::min(path.find('?'), longest));
  auto method = head.method() == http::verb::unknown
                  ? std::string{}
                  : std::string{head.method_string()} + ' ';
  return method + quote(path) + " of ";
}

/// Returns the id that a request is about; empty if it is about none.
std::string id_in(const http::request_header<>& head) {
  auto parsed = parse_target(head.target(), head[http::field::host]);
  auto target = std::get_if<net::target>(&parsed);
  if (!target || target->path.size() < 2)
    return {};
  auto& kind = target->path[0];
  return kind == "websocket" || kind == "events" || kind == "socket"
           ? target->path[1]
           : std::string{};
}

/// Returns whether this is a question of a balancer, which asks every second.
bool is_probe(const http::request_header<>& head) {
  std::string_view path = head.target();
  return path.substr(0, path.find('?')) == "/readyz";
}

} // namespace

open_connections::slot add_connection(server_context& context,
                                      const connection_info& from,
                                      std::function<void()> close) {
  auto is_many = from.peer.is_unix()
                 || contains(context.config.trusted_proxies, from.peer);
  return context.connections(from.role).add(
    context.config.open, is_many ? "" : client_key(from.peer),
    [&context, peer = from.peer, close = std::move(close)] {
      context.api.actors.count(metric::silent_connections);
      context.refusals->add(spdlog::level::info, "silent", [&] {
        return log_fields({{"peer", peer.text()}}) + "closed the connection of "
               + peer.text() + ", which is silent, to make room for others";
      });
      close();
    });
}

void count_refusal(gateway& actors, const response& response) {
  // In a storm these are too many for a message each.
  if (response.counted == metric::over_max_upgrade_rate) {
    actors.note(metric::refused_requests);
    actors.note(metric::over_max_upgrade_rate);
  } else {
    actors.count(metric::refused_requests, response.counted);
  }
}

void log_refusal(server_context& context, const connection_info& from,
                 const http::request_header<>* head, const response& response) {
  // That has no document, as a rule.
  if (response.body.is_null())
    return;
  auto& code = response.body["error"].get_ref<const std::string&>();
  // A probe asks every second about a state whose begin is logged.
  if (code == "nobody" || (head && is_probe(*head)))
    return;
  auto kind
    = std::to_string(static_cast<unsigned>(response.status)) + ' ' + code;
  auto warning = std::find_if(warnings.begin(), warnings.end(),
                              [&](auto& x) { return x.error == code; });
  auto is_warning = warning != warnings.end();
  auto level = is_warning ? spdlog::level::warn : spdlog::level::info;
  context.refusals->add(level, kind, [&] {
    auto peer
      = head
          ? find_client(*head, from.peer, context.config.trusted_proxies).text()
          : from.peer.text();
    auto text = log_fields({{"id", head ? id_in(*head) : ""}, {"peer", peer}})
                + (is_warning ? std::string{warning->code} + ' ' : "") + kind
                + " to " + (head ? describe(*head) : "") + peer + ": "
                + response.body["message"].get_ref<const std::string&>();
    return response.detail.empty() ? text : text + " (" + response.detail + ')';
  });
}

void serve(socket_type socket, server_context& context,
           const connection_info& from) {
  std::make_shared<http_connection<socket_type>>(std::move(socket), context,
                                                 from)
    ->start();
}

} // namespace waybill::net
