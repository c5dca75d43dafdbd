#include "net/api/push.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>

#include "net/api/authorize.hpp"
#include "net/api/metrics.hpp"
#include "net/api/push_options.hpp"

namespace waybill::net {

namespace {

/// Receives the response to a push.
using response_handler = std::function<void(response)>;

/// Limits the lines of a batch, since the response to a short line is longer
/// than the line.
constexpr size_t max_lines = 10'000;

/// Returns the delivery counts that are known at the push's receipt level.
json counts_of(const outcome& outcome) {
  auto result = json::object();
  // Building it from a list would copy each member.
  result.get_ref<json::object_t&>().reserve(8);
  result.emplace("push", outcome.push);
  result.emplace("nodes", outcome.counts.nodes);
  if (outcome.want != receipt_level::routed) {
    result.emplace("sessions", outcome.counts.sessions);
    result.emplace("written", outcome.counts.written);
  }
  if (outcome.want == receipt_level::received)
    result.emplace("received", outcome.counts.received);
  if (outcome.counts.dropped > 0)
    result.emplace("dropped", outcome.counts.dropped);
  if (outcome.unknown > 0)
    result.emplace("unknown", outcome.unknown);
  if (outcome.kept)
    result.emplace("kept", true);
  return result;
}

response response_of(const outcome& outcome) {
  auto reached = outcome.want == receipt_level::routed ? outcome.counts.nodes
                 : outcome.want == receipt_level::written
                   ? outcome.counts.written
                   : outcome.counts.received;
  auto figures = counts_of(outcome);
  if (reached > 0 && outcome.unknown == 0)
    return {http::status::ok, std::move(figures)};
  if (outcome.kept)
    return {http::status::accepted, std::move(figures)};
  if (is_nobody(outcome))
    return error_response(http::status::not_found, "nobody",
                          "nobody holds this address, and nothing was kept",
                          figures);
  return error_response(http::status::gateway_timeout, "unanswered",
                        outcome.unknown > 0
                          ? "the push may or may not have arrived"
                          : "no session reached the receipt level in time",
                        figures);
}

response unanswered(const std::string& push_id) {
  outcome result{push_id};
  result.unknown = 1;
  return response_of(result);
}

response response_of(const std::string& push_id,
                     const caf::expected<outcome>& outcome) {
  if (outcome)
    return response_of(*outcome);
  return outcome.error() == errc::unanswered ? unanswered(push_id)
                                             : to_answer(outcome.error());
}

/// Publishes a push and passes the response to `then`. A push without a receipt
/// needs a timeout by the caller; others have their own.
/// @returns the id of the push.
std::string publish(api_context& context, const push_address& address,
                    push push, response_handler then) {
  using clock = std::chrono::steady_clock;
  auto taken = context.actors.take(address, push);
  auto id = push.id;
  auto want = push.want;
  context.actors.publish(
    address, std::move(push),
    [&context, taken, id, want, then,
     start = clock::now()](const caf::expected<outcome>& outcome) {
      auto result = response_of(id, outcome);
      if (outcome && outcome->kept)
        context.actors.note(metric::kept_pushes);
      count_answer(context.actors, want, result.status, clock::now() - start);
      context.actors.answered(taken, static_cast<uint16_t>(result.status));
      then(std::move(result));
    });
  return id;
}

push make_push(const push_options& options, payload body) {
  push result{""};
  result.body = std::move(body);
  result.want = options.want;
  result.ttl = options.ttl;
  result.wait = options.wait;
  return result;
}

/// Collects the responses to the lines of a batch.
struct batch {
  exchange_ptr exchange;
  json responses;

  /// Number of lines without a response.
  size_t missing = 0;

  /// Sets the response to a line, unless it has one.
  void set(size_t line, const response& response) {
    if (missing == 0 || !responses[line].is_null())
      return;
    responses[line] = response.body;
    responses[line]["status"] = static_cast<unsigned>(response.status);
    if (--missing == 0)
      exchange->respond({http::status::ok, std::move(responses)});
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
  auto order
    = make_push(request.options, payload{request.format, std::move(body)});
  order.key = std::move(request.key);
  auto is_timed = !needs_receipt(order);
  auto id = publish(
    context, request.address, std::move(order),
    [exchange](response response) { exchange->respond(std::move(response)); });
  if (is_timed)
    exchange->set_deadline(request.options.wait, [id](net::exchange& late) {
      late.respond(unanswered(id));
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
    batch{exchange, json(lines.size(), nullptr), lines.size()});
  auto options = request.options;
  std::vector<std::pair<size_t, std::string>> timed;
  for (size_t i = 0; i < lines.size(); ++i) {
    auto line = parse_line(lines[i]);
    if (auto wrong = std::get_if<response>(&line)) {
      all->set(i, *wrong);
      continue;
    }
    auto& [address, message, ttl] = std::get<batch_line>(line);
    if (!allows(call.allowed, address)) {
      all->set(i, forbidden("this key does not allow this address"));
      continue;
    }
    options.ttl = ttl;
    auto id = publish(
      context, address, make_push(options, make_text(std::move(message))),
      [all, i](const response& response) { all->set(i, response); });
    if (options.want == receipt_level::routed)
      timed.emplace_back(i, std::move(id));
  }
  if (!timed.empty())
    exchange->set_deadline(options.wait,
                           [weak = std::weak_ptr{all},
                            timed = std::move(timed)](const net::exchange&) {
                             // The lines without a response keep the batch.
                             auto all = weak.lock();
                             for (auto& [line, id] : timed)
                               if (all)
                                 all->set(line, unanswered(id));
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
  context.actors.kick(request.address, [exchange, to_response](
                                         const caf::expected<uint64_t>& nodes) {
    exchange->respond(to_response(nodes));
  });
}

} // namespace waybill::net
