#include "net/api/authorize.hpp"

#include <algorithm>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include "net/api/api.hpp"
#include "net/quote.hpp"

namespace waybill::net {

namespace {

/// The subprotocol that a client may offer besides its token, so that the token
/// need not be returned.
constexpr std::string_view own_protocol = "waybill";

/// The prefix of a token that is offered as a subprotocol: browsers cannot set
/// any other header field.
constexpr std::string_view token_protocol = "bearer.";

/// Limits the logged part of an origin, in bytes.
constexpr size_t longest_origin = 100;

response unauthorized(std::string code, std::string message,
                      const char* counted) {
  auto result = error_response(http::status::unauthorized, std::move(code),
                               std::move(message));
  result.fields.emplace_back(http::field::www_authenticate, "Bearer");
  result.counted = counted;
  return result;
}

/// Returns the bearer token (RFC 6750, section 2.1); empty if there is none.
std::string_view bearer_of(const http::request_header<>& head) {
  constexpr std::string_view scheme = "bearer ";
  std::string_view text = head[http::field::authorization];
  if (!boost::beast::iequals(text.substr(0, scheme.size()), scheme))
    return {};
  text.remove_prefix(scheme.size());
  return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

/// Selects one of the subprotocols that a client offers: a browser closes the
/// connection if the server selects none.
std::string choose_protocol(const http::request_header<>& head) {
  std::string result;
  for (auto protocol :
       http::token_list{head[http::field::sec_websocket_protocol]})
    if (protocol == own_protocol)
      return std::string{protocol};
    else if (result.empty() && protocol.starts_with(token_protocol))
      result = protocol;
  return result;
}

std::string token_of(const http::request_header<>& head,
                     const request& request) {
  if (auto token = bearer_of(head); !token.empty())
    return std::string{token};
  if (auto i = request.target.query.find("token");
      i != request.target.query.end())
    return i->second;
  for (auto protocol :
       http::token_list{head[http::field::sec_websocket_protocol]})
    if (protocol.starts_with(token_protocol))
      return std::string{protocol.substr(token_protocol.size())};
  return "";
}

std::optional<response> authorize_client(const api_context& context,
                                         const http::request_header<>& head,
                                         request& request) {
  request.allowed.protocol = choose_protocol(head);
  if (!context.access->tokens)
    return std::nullopt;
  auto now = std::chrono::system_clock::now();
  auto found
    = verify_token(*context.access->tokens, token_of(head, request), now);
  if (auto wrong = std::get_if<std::string>(&found)) {
    auto result
      = unauthorized("bad_token", "send a valid token", "refused_tokens");
    result.detail = std::move(*wrong);
    return result;
  }
  auto& [subject, topics, expiry] = std::get<token>(found);
  if (subject != request.target.path[1])
    return forbidden("this token is for another id");
  for (auto& topic : topics_of(request))
    if (std::none_of(topics.begin(), topics.end(),
                     [&](auto& pattern) { return matches(pattern, topic); }))
      return forbidden("this token does not allow these topics");
  // A token that is accepted within the leeway expires at its end.
  request.allowed.expiry = expiry > now ? expiry : expiry + token_leeway;
  return std::nullopt;
}

std::optional<response> authorize_pusher(const api_context& context,
                                         const http::request_header<>& head,
                                         request& request, scope needed) {
  if (!context.access->keys)
    return std::nullopt;
  auto key = context.access->keys->find(bearer_of(head));
  if (!key)
    return unauthorized("bad_key",
                        "send a valid key in Authorization: Bearer KEY",
                        "refused_keys");
  if (!key->has(needed))
    return forbidden("this key lacks the scope for this request");
  request.allowed.pusher = key->name;
  request.allowed.pattern = key->pattern;
  if (auto address = address_of(request);
      address && !allows(request.allowed, *address))
    return forbidden("this key does not allow this address");
  return std::nullopt;
}

} // namespace

response forbidden(std::string message) {
  return error_response(http::status::forbidden, "forbidden",
                        std::move(message));
}

std::optional<response> authorize(const api_context& context,
                                  const http::request_header<>& head,
                                  request& request) {
  auto sources = head.equal_range(http::field::origin);
  for (auto i = sources.first; i != sources.second; ++i)
    if (!is_allowed_origin(i->value(), head[http::field::host],
                           context.access->origins)) {
      auto result = error_response(http::status::forbidden, "bad_origin",
                                   "requests from this origin are not allowed");
      result.counted = "refused_origins";
      result.detail = "to allow it: --allow-origin "
                      + quote(i->value().substr(0, longest_origin));
      return result;
    }
  if (is_websocket(request))
    return authorize_client(context, head, request);
  if (auto needed = scope_of(request))
    return authorize_pusher(context, head, request, *needed);
  return std::nullopt;
}

} // namespace waybill::net
