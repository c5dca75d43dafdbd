#include "net/api/authorize.hpp"

#include <algorithm>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include "net/envelope.hpp"
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

response unauthorized(std::string code, std::string message, metric counted) {
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
    if (protocol == named_protocol)
      return std::string{protocol};
    else if (protocol == own_protocol
             || (result.empty() && protocol.starts_with(token_protocol)))
      result = protocol;
  return result;
}

/// Returns the token of a client: in a field, else in the query, else in a
/// subprotocol; empty if there is none.
std::string token_of(const http::request_header<>& fields,
                     const client_request& request) {
  if (auto token = bearer_of(fields); !token.empty())
    return std::string{token};
  if (request.token)
    return *request.token;
  for (auto protocol :
       http::token_list{fields[http::field::sec_websocket_protocol]})
    if (protocol.starts_with(token_protocol))
      return std::string{protocol.substr(token_protocol.size())};
  return "";
}

/// Rejects pages of an origin that is not allowed.
std::optional<response> check_origin(const access_policy& policy,
                                     const http::request_header<>& fields) {
  auto [i, end] = fields.equal_range(http::field::origin);
  for (; i != end; ++i)
    if (!is_allowed_origin(i->value(), fields[http::field::host],
                           policy.origins)) {
      auto result = error_response(http::status::forbidden, "bad_origin",
                                   "requests from this origin are not allowed");
      result.counted = metric::refused_origins;
      result.detail = "to allow it: --allow-origin "
                      + quote(i->value().substr(0, longest_origin));
      return result;
    }
  return std::nullopt;
}

std::variant<permissions, response>
authorize_client(const access_policy& policy,
                 const http::request_header<>& fields,
                 const client_request& request) {
  permissions result;
  result.protocol = choose_protocol(fields);
  result.origin = fields[http::field::origin];
  if (!policy.tokens)
    return result;
  auto now = std::chrono::system_clock::now();
  auto found = verify_token(*policy.tokens, token_of(fields, request), now);
  if (auto wrong = std::get_if<std::string>(&found)) {
    auto refusal
      = unauthorized("bad_token", "send a valid token", metric::refused_tokens);
    refusal.detail = std::move(*wrong);
    return refusal;
  }
  auto& [subject, patterns, expiry] = std::get<token>(found);
  if (subject != request.address.name())
    return forbidden("this token is for another id");
  for (auto& topic : request.topics)
    if (std::none_of(patterns.begin(), patterns.end(),
                     [&](auto& pattern) { return matches(pattern, topic); }))
      return forbidden("this token does not allow these topics");
  // A token that is accepted within the leeway expires at its end.
  result.expiry = expiry > now ? expiry : expiry + token_leeway;
  return result;
}

std::variant<permissions, response>
authorize_pusher(const api_keys& keys, const http::request_header<>& fields,
                 const routed_request& request) {
  auto key = keys.find(bearer_of(fields));
  if (!key)
    return unauthorized("bad_key",
                        "send a valid key in Authorization: Bearer KEY",
                        metric::refused_keys);
  if (!key->has(*request.needed))
    return forbidden("this key lacks the scope for this request");
  permissions result;
  result.pusher = key->name;
  result.pattern = key->pattern;
  if (auto address = address_of(request.request);
      address && !allows(result, *address))
    return forbidden("this key does not allow this address");
  if (auto change = std::get_if<topic_request>(&request.request);
      change && !allows(result, change->topic))
    return forbidden("this key does not allow this topic");
  return result;
}

} // namespace

response forbidden(std::string message) {
  return error_response(http::status::forbidden, "forbidden",
                        std::move(message));
}

std::variant<permissions, response>
authorize_page(const access_policy& policy,
               const http::request_header<>& fields) {
  if (auto refusal = check_origin(policy, fields))
    return std::move(*refusal);
  permissions result;
  result.origin = fields[http::field::origin];
  return result;
}

std::variant<permissions, response>
authorize(const access_policy& policy, const http::request_header<>& fields,
          const routed_request& request) {
  if (auto refusal = check_origin(policy, fields))
    return std::move(*refusal);
  if (auto client = client_part(request.request))
    return authorize_client(policy, fields, *client);
  if (request.needed && policy.keys)
    return authorize_pusher(*policy.keys, fields, request);
  permissions result;
  result.origin = fields[http::field::origin];
  return result;
}

} // namespace waybill::net
