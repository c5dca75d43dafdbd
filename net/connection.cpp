#include "net/connection.hpp"

#include <algorithm>
#include <memory>

#include "net/forwarded.hpp"
#include "net/http_connection.hpp"
#include "net/network.hpp"
#include "net/quote.hpp"

namespace waybill::net {

namespace {

/// Says what was asked for, and by whom. The parameters may hold a token.
std::string describe(const http::request_header<>& head, const arrival& from,
                     const networks& trusted) {
  constexpr size_t longest = 100;
  std::string_view path = head.target();
  path = path.substr(0, std::min(path.find('?'), longest));
  auto method = head.method() == http::verb::unknown
                  ? std::string{}
                  : std::string{head.method_string()} + ' ';
  return method + quote(path) + " of "
         + find_client(head, from.peer, trusted).text();
}

} // namespace

open_connections::place add_connection(server_context& context,
                                       const arrival& from,
                                       std::function<void()> hang_up) {
  auto is_many = from.peer.is_unix()
                 || contains(context.config.trusted_proxies, from.peer);
  return context.connections(from.role).add(
    context.config.open, is_many ? "" : network_of(from.peer),
    [&context, peer = from.peer, hang_up = std::move(hang_up)] {
      context.api.actors.count("silent_connections");
      context.refusals->add(spdlog::level::info, "silent", [&] {
        return "closed the connection of " + peer.text()
               + ", which is silent: others need its place";
      });
      hang_up();
    });
}

void log_refusal(server_context& context, const arrival& from,
                 const http::request_header<>* head, const answer& what) {
  auto& code = what.body["error"].get_ref<const std::string&>();
  if (code == "nobody")
    return;
  auto kind = std::to_string(static_cast<unsigned>(what.status)) + ' ' + code;
  auto level = what.status < http::status::internal_server_error
                 ? spdlog::level::info
                 : spdlog::level::warn;
  context.refusals->add(level, kind, [&] {
    auto request = head ? describe(*head, from, context.config.trusted_proxies)
                        : from.peer.text();
    auto text = kind + " to " + request + ": "
                + what.body["message"].get_ref<const std::string&>();
    return what.detail.empty() ? text : text + " (" + what.detail + ')';
  });
}

void serve(socket_type socket, server_context& context, const arrival& from) {
  std::make_shared<http_connection<socket_type>>(std::move(socket), context,
                                                 from)
    ->start();
}

} // namespace waybill::net
