#include "net/push.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>

#include "net/config.hpp"
#include "net/metrics.hpp"

namespace waybill::net {

namespace {

/// How many lines a batch may have: an answer is larger than a short line.
constexpr size_t max_lines = 10'000;

answer bad_parameter(std::string message) {
  return failure(http::status::bad_request, "bad_parameter",
                 std::move(message));
}

std::optional<level> parse_level(std::string_view text) {
  for (auto each : {level::routed, level::written, level::received})
    if (text == to_string(each))
      return each;
  return std::nullopt;
}

std::optional<std::chrono::seconds> parse_ttl(std::string_view text) {
  int64_t count = 0;
  auto last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, count);
  if (error != std::errc{} || end != last || count < 0 || text.starts_with('-')
      || std::chrono::seconds{count} > longest_ttl)
    return std::nullopt;
  return std::chrono::seconds{count};
}

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
  context.actors.publish(where, std::move(what),
                         [&context, id, want, then, start = clock::now()](
                           const caf::expected<outcome>& what) {
                           auto result = answer_of(id, what);
                           count_answer(context.actors, want, result.status,
                                        clock::now() - start);
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

/// Returns the lines of a batch that are not blank.
std::vector<std::string_view> lines_of(std::string_view body) {
  std::vector<std::string_view> result;
  while (!body.empty()) {
    auto end = std::min(body.find('\n'), body.size() - 1);
    auto line = body.substr(0, end + 1);
    body.remove_prefix(end + 1);
    if (line.find_first_not_of(" \t\r\n") != line.npos)
      result.push_back(line);
  }
  return result;
}

} // namespace

std::variant<batch_line, answer> parse_line(std::string_view text) {
  auto bad = [](std::string message) {
    return failure(http::status::bad_request, "bad_line", std::move(message));
  };
  // What nests deeper is not even kept.
  auto shallow = [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    return depth <= 1;
  };
  auto line = nlohmann::json::parse(text, shallow, false);
  if (!line.is_object())
    return bad("send a JSON object on each line");
  batch_line result;
  size_t addresses = 0;
  auto has_message = false;
  for (auto& [name, value] : line.items()) {
    if (name == "to" || name == "topic") {
      if (!value.is_string() || !is_name(value.get<std::string>()))
        return bad("to and topic are strings that are names");
      auto called = value.get<std::string>();
      result.where
        = name == "to" ? push_address::id(called) : push_address::topic(called);
      ++addresses;
    } else if (name == "all") {
      if (value != true)
        return bad("all is true, or not there");
      result.where = push_address::everyone();
      ++addresses;
    } else if (name == "message") {
      if (!value.is_string())
        return bad("message is a string");
      result.message = value.get<std::string>();
      has_message = true;
    } else if (name == "ttl") {
      auto ttl = parse_ttl(value.dump());
      if (!ttl)
        return bad("ttl is a number of seconds, up to a year");
      result.ttl = *ttl;
    } else {
      return bad("the members are to, topic or all, and message and ttl");
    }
  }
  if (addresses != 1 || !has_message)
    return bad("send a message and one of to, topic and all");
  if (result.ttl.count() > 0 && !result.where.is_id())
    return bad("only what is for an id can be kept");
  return result;
}

namespace {

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

std::variant<push_options, answer>
parse_push_options(const std::map<std::string, std::string>& query,
                   bool may_keep) {
  push_options result;
  for (auto& [name, value] : query) {
    if (name == "receipt") {
      auto want = parse_level(value);
      if (!want)
        return bad_parameter("receipt is routed, written or received");
      result.want = *want;
    } else if (name == "wait") {
      auto wait = parse_duration(value);
      if (!wait)
        return bad_parameter("wait is a duration such as 5s, 500ms or 10m");
      result.wait = *wait;
    } else if (name == "ttl") {
      auto ttl = parse_ttl(value);
      if (!ttl)
        return bad_parameter("ttl is a number of seconds, up to a year");
      if (ttl->count() > 0 && !may_keep)
        return bad_parameter("only what is for an id can be kept");
      result.ttl = *ttl;
    } else {
      return bad_parameter("the parameters of a push are receipt, wait and "
                           "ttl");
    }
  }
  return result;
}

answer to_answer(const caf::error& why) {
  if (why == errc::bus_away)
    return failure(http::status::service_unavailable, "bus_away",
                   "this node cannot reach the others now; try again");
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
  return failure(http::status::internal_server_error, "refused",
                 "the bus refused this; its log and ours say why");
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

size_t count_lines(std::string_view body) {
  return lines_of(body).size();
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
