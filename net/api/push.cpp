#include "net/api/push.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "net/api/audit.hpp"
#include "net/api/authorize.hpp"
#include "net/api/metrics.hpp"
#include "net/api/push_options.hpp"
#include "net/api/push_response.hpp"
#include "net/api/queries.hpp"

namespace waybill::net {

namespace {

/// Limits the lines of a batch, since the response to a short line is longer
/// than the line.
constexpr size_t max_lines = 10'000;

response unanswered(const api_context& context, uint64_t number) {
  outcome result{context.actors.push_id(number)};
  result.unknown = 1;
  return to_response(result);
}

/// Publishes a push, and calls `respond` with the response. A push without a
/// receipt needs a timeout by the caller; others have their own.
/// @returns the number of the push.
template <class Respond>
uint64_t publish(api_context& context, const push_address& address, push push,
                 Respond respond) {
  using clock = std::chrono::steady_clock;
  auto taken = context.actors.take(address, push);
  auto want = push.want;
  context.actors.publish(
    address, std::move(push),
    [&context, taken, want, respond = std::move(respond),
     start = clock::now()](const caf::expected<outcome>& outcome) {
      auto result = outcome ? to_response(*outcome)
                    : outcome.error() == errc::unanswered
                      ? unanswered(context, taken.number)
                      : to_answer(outcome.error());
      if (outcome && outcome->kept)
        context.actors.note(metric::kept_pushes);
      count_answer(context.actors, want, result.status, clock::now() - start);
      context.actors.answered(taken, static_cast<uint16_t>(result.status));
      respond(result);
    });
  return taken.number;
}

push make_push(const push_options& options, payload body) {
  push result{.id = {},
              .body = std::move(body),
              .want = options.want,
              .ttl = options.ttl,
              .collapse = options.collapse,
              .fresh = options.fresh,
              .retain = options.retain.value_or(std::chrono::seconds{0}),
              .context = options.context,
              .wait = options.wait};
  // Nothing keeps a push that must not be written any more.
  if (result.fresh.count() > 0) {
    result.ttl = std::min(result.ttl, result.fresh);
    result.retain = std::min(result.retain, result.fresh);
  }
  return result;
}

/// Collects the responses to the lines of a batch.
struct batch {
  exchange_ptr exchange;

  /// The bodies of the responses; empty for those that are missing.
  std::vector<std::string> lines;

  /// Number of lines without a response.
  size_t missing = lines.size();

  /// Sets the response to a line, unless it has one.
  void set(size_t line, const response& response) {
    auto& text = lines[line];
    if (!text.empty())
      return;
    text = serialize_body(response);
    // It is an object with members.
    auto status = std::to_string(static_cast<unsigned>(response.status));
    text.replace(text.rfind('}'), 1, ",\"status\":" + status + '}');
    if (--missing == 0)
      respond();
  }

  void respond() {
    response result{http::status::ok, json::array()};
    for (auto& line : lines)
      result.text += line;
    exchange->respond(result);
  }
};

} // namespace

response to_answer(const caf::error& why) {
  if (why == errc::busy)
    return error_response(
      http::status::service_unavailable, "busy",
      "this node receives more pushes than it can deliver; try again");
  if (why == errc::nodes_missing)
    return error_response(
      http::status::service_unavailable, "bus_away",
      "nodes that may hold this address are missing; try again");
  if (why == errc::unanswered)
    return error_response(http::status::gateway_timeout, "unanswered",
                          "the bus did not answer; try again");
  if (why == errc::inbox_full)
    return error_response(http::status::insufficient_storage, "mailbox_full",
                          "nothing was sent: the mailbox of this id is full");
  if (why == errc::key_reused)
    return error_response(
      http::status::unprocessable_entity, "key_reused",
      "this Idempotency-Key belongs to a different push; use a new one");
  if (why == errc::node_full)
    return error_response(
      http::status::service_unavailable, "node_full",
      "this node has no room for another session; use another node");
  if (why == errc::id_full)
    return error_response(http::status::too_many_requests, "too_many_sessions",
                          "close another session of this id first");
  if (why == errc::peer_full)
    return error_response(http::status::too_many_requests, "too_many_sessions",
                          "close another session from your address first");
  auto& context = why.context();
  return error_response(
    http::status::service_unavailable, "bus_away",
    context.empty() || context.get_as<std::string>(0).empty()
      ? "this node cannot reach the other nodes now; try again"
      : "Redis cannot do this now; try again: "
          + context.get_as<std::string>(0));
}

void handle_push(api_context& context, push_request request, std::string body,
                 const exchange_ptr& exchange) {
  if (request.format == payload::format::text && !is_utf8(body))
    return exchange->respond(error_response(
      http::status::bad_request, "bad_utf8",
      "send text as UTF-8, or bytes as application/octet-stream"));
  if (request.options.retain == std::chrono::seconds{0} && body.empty())
    return handle_forget(context, request, exchange);
  auto order
    = make_push(request.options, payload{request.format, std::move(body)});
  order.key = std::move(request.key);
  auto is_timed = !needs_receipt(order);
  auto number = publish(
    context, request.address, std::move(order),
    [exchange](const response& response) { exchange->respond(response); });
  if (is_timed)
    exchange->set_deadline(request.options.wait,
                           [&context, number](net::exchange& late) {
                             late.respond(unanswered(context, number));
                           });
}

void handle_batch(api_context& context, const batch_request& request,
                  const api_call& call, const exchange_ptr& exchange) {
  auto lines = lines_of(call.body);
  if (lines.empty())
    return exchange->respond({http::status::ok, json::array()});
  if (lines.size() > max_lines)
    return exchange->respond(
      error_response(http::status::payload_too_large, "too_many_lines",
                     "send at most 10000 lines in one request"));
  auto all = std::make_shared<batch>(
    batch{exchange, std::vector<std::string>(lines.size())});
  auto& options = request.options;
  std::vector<std::pair<size_t, uint64_t>> timed;
  size_t broadcasts = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    auto line = parse_line(lines[i]);
    if (auto wrong = std::get_if<response>(&line)) {
      all->set(i, *wrong);
      continue;
    }
    auto& [address, message, own] = std::get<batch_line>(line);
    if (!allows(call.allowed, address)) {
      all->set(i, forbidden("this key does not allow this address"));
      continue;
    }
    broadcasts += address == push_address::everyone();
    own.want = options.want;
    own.wait = options.wait;
    own.context = options.context;
    auto number
      = publish(context, address, make_push(own, make_text(std::move(message))),
                [all, i](const response& response) { all->set(i, response); });
    if (options.want == receipt_level::routed)
      timed.emplace_back(i, number);
  }
  if (broadcasts > 0)
    spdlog::info(audit_line(call, broadcasts));
  if (!timed.empty())
    exchange->set_deadline(options.wait,
                           [&context, weak = std::weak_ptr{all},
                            timed = std::move(timed)](const net::exchange&) {
                             // The lines without a response keep the batch.
                             auto all = weak.lock();
                             for (auto [line, number] : timed)
                               if (all)
                                 all->set(line, unanswered(context, number));
                           });
}

void handle_kick(api_context& context, const kick_request& request,
                 const exchange_ptr& exchange) {
  auto to_response = [](const caf::expected<uint64_t>& nodes) {
    if (!nodes)
      return to_answer(nodes.error());
    if (*nodes == 0)
      return error_response(http::status::not_found, "nobody",
                            "nobody holds this address");
    return response{http::status::ok, {{"nodes", *nodes}}};
  };
  exchange->set_deadline(default_wait, [](net::exchange& late) {
    late.respond(to_answer(caf::error{errc::unanswered}));
  });
  context.actors.kick(
    request.address,
    [exchange, to_response](const caf::expected<uint64_t>& nodes) {
      exchange->respond(to_response(nodes));
    },
    request.reason);
}

} // namespace waybill::net
