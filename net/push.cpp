#include "net/push.hpp"

#include <algorithm>
#include <chrono>
#include <memory>

#include "net/metrics.hpp"
#include "net/push_options.hpp"

namespace waybill::net {

namespace {

/// How many lines a batch may have: an answer is larger than a short line.
constexpr size_t max_lines = 10'000;

/// Returns the figures of a push that are known at its level.
json figures_of(const outcome& what) {
  json result = {{"push", what.push}, {"nodes", what.counts.nodes}};
  if (what.want != level::routed) {
    result["sessions"] = what.counts.sessions;
    result["written"] = what.counts.written;
  }
  if (what.want == level::received)
    result["received"] = what.counts.received;
  if (what.counts.dropped > 0)
    result["dropped"] = what.counts.dropped;
  if (what.unknown > 0)
    result["unknown"] = what.unknown;
  if (what.kept)
    result["kept"] = true;
  return result;
}

answer answer_of(const outcome& what) {
  auto reached = what.want == level::routed    ? what.counts.nodes
                 : what.want == level::written ? what.counts.written
                                               : what.counts.received;
  auto figures = figures_of(what);
  if (reached > 0 && what.unknown == 0)
    return {http::status::ok, std::move(figures)};
  if (what.kept)
    return {http::status::accepted, std::move(figures)};
  if (is_nobody(what))
    return failure(http::status::not_found, "nobody",
                   "nobody holds this address, and nothing was kept", figures);
  return failure(http::status::gateway_timeout, "unanswered",
                 what.unknown > 0 ? "it is not known whether the push arrived"
                                  : "no session came as far as you asked",
                 figures);
}

answer unanswered(const std::string& push_id) {
  outcome result{push_id};
  result.unknown = 1;
  return answer_of(result);
}

answer answer_of(const std::string& push_id,
                 const caf::expected<outcome>& what) {
  if (what)
    return answer_of(*what);
  return what.error() == errc::unanswered ? unanswered(push_id)
                                          : to_answer(what.error());
}

/// Pushes, and hands the answer to `then`: it comes in time, but for pushes
/// that wait for nothing but the bus.
/// @returns the name of the push.
std::string publish(api_context& context, const push_address& where, push what,
                    answer_handler then) {
  using clock = std::chrono::steady_clock;
  auto id = what.id = context.actors.next_push_id();
  auto want = what.want;
  hop step{std::string{where.name()}, hop::kind::taken, trace_time(), id};
  step.count = what.body.size();
  step.text = to_string(want);
  auto is_id = where.is_id();
  if (is_id)
    context.actors.trace(step);
  context.actors.publish(
    where, std::move(what),
    [&context, is_id, step, want, then,
     start = clock::now()](const caf::expected<outcome>& what) mutable {
      auto result = answer_of(step.push, what);
      if (what && what->kept)
        context.actors.note("kept_pushes");
      count_answer(context.actors, want, result.status, clock::now() - start);
      if (is_id) {
        step.what = hop::kind::answered;
        step.at = trace_time();
        step.count = static_cast<unsigned>(result.status);
        step.text.clear();
        context.actors.trace(std::move(step));
      }
      then(std::move(result));
    });
  return id;
}

/// Calls `then` after `wait`, unless the timer is used for something else.
template <class Then>
void after(timer_type& timer, std::chrono::milliseconds wait, Then then) {
  timer.expires_after(wait);
  timer.async_wait([then](boost::system::error_code ec) {
    if (!ec)
      then();
  });
}

push make_push(const push_options& options, payload body) {
  push result{""};
  result.body = std::move(body);
  result.want = options.want;
  result.ttl = options.ttl;
  result.wait = options.wait;
  return result;
}

/// Gathers the answers to the lines of a batch.
struct batch {
  json answers;
  size_t missing = 0;
  answer_handler then;

  void set(size_t line, const answer& what) {
    auto& slot = answers[line];
    if (!slot.is_null())
      return;
    slot = what.body;
    slot["status"] = static_cast<unsigned>(what.status);
    if (--missing == 0)
      then({http::status::ok, std::move(answers)});
  }
};

} // namespace

answer to_answer(const caf::error& why) {
  if (why == errc::busy)
    return failure(http::status::service_unavailable, "busy",
                   "this node has more pushes than it can deliver; try again");
  if (why == errc::nodes_missing)
    return failure(http::status::service_unavailable, "bus_away",
                   "nodes that may hold this address are missing; try again");
  if (why == errc::unanswered)
    return failure(http::status::gateway_timeout, "unanswered",
                   "the bus did not answer; try again");
  if (why == errc::mailbox_full)
    return failure(http::status::insufficient_storage, "mailbox_full",
                   "nothing was sent: too much waits for this id already");
  if (why == errc::key_reused)
    return failure(http::status::unprocessable_entity, "key_reused",
                   "use another Idempotency-Key for another push");
  if (why == errc::node_full)
    return failure(http::status::service_unavailable, "node_full",
                   "this node holds as many sessions as it may; use another");
  if (why == errc::id_full)
    return failure(http::status::too_many_requests, "too_many_sessions",
                   "close another session of this id first");
  if (why == errc::peer_full)
    return failure(http::status::too_many_requests, "too_many_sessions",
                   "close another session from your address first");
  auto& context = why.context();
  return failure(http::status::service_unavailable, "bus_away",
                 context.empty() || context.get_as<std::string>(0).empty()
                   ? "this node cannot reach the others now; try again"
                   : "Redis cannot do this now; try again: "
                       + context.get_as<std::string>(0));
}

void handle_push(api_context& context, const push_address& where, request what,
                 timer_type& timer, answer_handler then) {
  if (!what.binary && !is_utf8(what.body))
    return then(failure(http::status::bad_request, "bad_utf8",
                        "send text as UTF-8, or application/octet-stream"));
  auto options = std::get<push_options>(
    parse_push_options(what.where.query, where.is_id()));
  auto type = what.binary ? payload::format::binary : payload::format::text;
  auto order = make_push(options, payload{type, std::move(what.body)});
  if (!what.keys.empty())
    order.key = std::move(what.keys.front());
  auto is_timed = !needs_receipt(order);
  auto id = publish(context, where, std::move(order), then);
  if (is_timed)
    after(timer, options.wait, [id, then] { then(unanswered(id)); });
}

void handle_batch(api_context& context, request what, timer_type& timer,
                  answer_handler then) {
  auto options
    = std::get<push_options>(parse_push_options(what.where.query, false));
  auto lines = lines_of(what.body);
  if (lines.empty())
    return then({http::status::ok, json::array()});
  if (lines.size() > max_lines)
    return then(failure(http::status::payload_too_large, "too_many_lines",
                        "send at most 10000 lines in one request"));
  auto all = std::make_shared<batch>();
  all->answers = json(lines.size(), nullptr);
  all->missing = lines.size();
  all->then = then;
  std::vector<std::pair<size_t, std::string>> timed;
  for (size_t i = 0; i < lines.size(); ++i) {
    auto line = parse_line(lines[i]);
    if (auto wrong = std::get_if<answer>(&line)) {
      all->set(i, *wrong);
      continue;
    }
    auto& [where, message, ttl] = std::get<batch_line>(line);
    if (!is_granted(what.allowed, where)) {
      all->set(i, forbidden("this key is for other addresses"));
      continue;
    }
    options.ttl = ttl;
    auto id = publish(context, where,
                      make_push(options, make_text(std::move(message))),
                      [all, i](const answer& what) { all->set(i, what); });
    if (options.want == level::routed)
      timed.emplace_back(i, std::move(id));
  }
  if (!timed.empty())
    after(timer, options.wait, [all, timed] {
      for (auto& [line, id] : timed)
        all->set(line, unanswered(id));
    });
}

void handle_kick(api_context& context, const push_address& where,
                 timer_type& timer, answer_handler then) {
  push order{""};
  order.what = push::purpose::kick;
  auto to_nodes = [](const caf::expected<outcome>& what) {
    if (!what)
      return to_answer(what.error());
    if (what->counts.nodes == 0)
      return failure(http::status::not_found, "nobody",
                     "nobody holds this address");
    return answer{http::status::ok, {{"nodes", what->counts.nodes}}};
  };
  order.id = context.actors.next_push_id();
  after(timer, push_options{}.wait,
        [then] { then(to_answer(caf::error{errc::unanswered})); });
  context.actors.publish(where, std::move(order),
                         [then, to_nodes](const caf::expected<outcome>& what) {
                           then(to_nodes(what));
                         });
}

} // namespace waybill::net
