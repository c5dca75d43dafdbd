#include "app/commands/measurement.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <variant>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace waybill::app {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::use_awaitable;
using std::chrono::milliseconds;

namespace {

/// Clients that connect at the same time.
constexpr size_t connectors = 64;

std::string id_of(size_t number) {
  return "bench-" + std::to_string(getpid()) + '-' + std::to_string(number);
}

/// Returns the time after which the node wants the client back, if any.
std::optional<milliseconds>
retry_of(const std::variant<std::shared_ptr<websocket_client>, text_response>&
           opened) {
  auto declined = std::get_if<text_response>(&opened);
  return declined ? upgrade_retry(*declined) : std::nullopt;
}

double ratio(double sum, double count) {
  return count > 0 ? sum / count : 0;
}

} // namespace

std::optional<workload> read_workload(std::string_view text) {
  if (text == "unicast")
    return workload::unicast;
  if (text == "broadcast")
    return workload::broadcast;
  if (text == "connect")
    return workload::connect;
  if (text == "idle")
    return workload::idle;
  return std::nullopt;
}

measurement::measurement(asio::io_context& context, const bench_options& config)
    : context_(context), config_(config), idle_(usage_of(config.process)) {
  // nop
}

asio::awaitable<void> measurement::run() {
  began_ = clock::now();
  co_await run_all(connectors, [this](size_t) { return open_sessions(); });
  connect_time_ = clock::now() - began_;
  connected_ = usage_of(config_.process);
  began_ = clock::now();
  if (open_ == 0)
    co_return;
  deadline_ = is_stopped_ ? began_ : began_ + config_.time;
  asio::co_spawn(context_, show_progress(), asio::detached);
  if (config_.load == workload::idle)
    co_await wait_until(deadline_);
  else if (config_.load == workload::connect)
    co_await run_all(config_.pushers, [this](size_t i) { return churn(i); });
  else
    co_await run_all(config_.pushers, [this](size_t i) { return push(i); });
  push_time_ = clock::now() - began_;
  clear_progress();
  for (auto end = clock::now() + patience;
       arrivals_ < expected_ && clock::now() < end;)
    co_await sleep(milliseconds{10});
  end_ = usage_of(config_.process);
}

void measurement::stop() {
  is_stopped_ = true;
  deadline_ = clock::now();
}

std::string measurement::failure() const {
  try {
    if (failure_)
      std::rethrow_exception(failure_);
    return "";
  } catch (const std::exception& e) {
    return e.what();
  }
}

std::string measurement::refusal() const {
  size_t count = 0;
  for (auto [status, number] : responses_)
    count += status == 200 ? 0 : number;
  return count == 0 ? ""
                    : "pushes that were not answered 200: "
                        + std::to_string(count) + ", the last of them "
                        + refusal_.substr(0, refusal_.find('\n'));
}

nlohmann::ordered_json measurement::result() {
  using json = nlohmann::ordered_json;
  using seconds = std::chrono::duration<double>;
  json answers = json::object();
  double pushes = 0;
  auto visits = static_cast<double>(visits_.count());
  for (auto [status, count] : responses_) {
    answers[std::to_string(status)] = count;
    pushes += static_cast<double>(count);
  }
  auto sessions = static_cast<double>(open_);
  json result{
    {"sessions", open_},
    {"failed_sessions", failed_},
    {"sessions_per_second", ratio(sessions, seconds{connect_time_}.count())},
    {"connect_ms", connects_.summary()},
    {"visits_per_second", ratio(visits, seconds{push_time_}.count())},
    {"visit_ms", visits_.summary()},
    {"answers", std::move(answers)},
    {"pushes_per_second", ratio(pushes, seconds{push_time_}.count())},
    {"answer_ms", answer_times_.summary()},
    {"arrivals", arrivals_},
    {"lost", expected_ - std::min(expected_, arrivals_)},
    {"arrival_ms", arrival_times_.summary()},
  };
  if (config_.process > 0) {
    result["cpu_us_per_session"]
      = ratio(1e6 * (connected_.cpu_seconds - idle_.cpu_seconds), sessions);
    // A node reuses the memory of earlier sessions, which tells nothing of
    // these.
    if (auto grown = connected_.memory_bytes - idle_.memory_bytes; grown > 0)
      result["bytes_per_session"] = ratio(grown, sessions);
    auto used = 1e6 * (end_.cpu_seconds - connected_.cpu_seconds);
    result["cpu_us_per_push"] = ratio(used, pushes);
    result["cpu_us_per_visit"] = ratio(used, visits);
  }
  return result;
}

template <class Make>
asio::awaitable<void> measurement::run_all(size_t count, Make make) {
  auto running = count;
  for (size_t i = 0; i < count; ++i)
    asio::co_spawn(context_, make(i),
                   [this, &running](const std::exception_ptr& error) {
                     --running;
                     if (error)
                       failure_ = error;
                   });
  while (running > 0)
    co_await sleep(milliseconds{1});
}

template <class Once>
asio::awaitable<void> measurement::repeat(size_t number, Once once) {
  clock::duration pause{0};
  if (config_.rate > 0)
    pause = clock::duration{std::chrono::seconds{config_.pushers}}
            / static_cast<clock::rep>(config_.rate);
  auto due = began_
             + pause * static_cast<clock::rep>(number)
                 / static_cast<clock::rep>(config_.pushers);
  for (; due < deadline_; due += pause) {
    if (config_.rate == 0)
      due = clock::now();
    else
      co_await wait_until(due);
    if (clock::now() < deadline_)
      co_await once();
  }
}

asio::awaitable<void> measurement::wait_until(clock::time_point time) {
  // A stop ends this early.
  constexpr clock::duration longest = milliseconds{100};
  for (auto now = clock::now(); now < std::min(time, deadline_);
       now = clock::now())
    co_await sleep(std::min(std::min(time, deadline_) - now, longest));
}

asio::awaitable<void> measurement::sleep(clock::duration time) {
  asio::steady_timer timer{context_, time};
  co_await timer.async_wait(use_awaitable);
}

// -- sessions -----------------------------------------------------------------

asio::awaitable<void> measurement::open_sessions() {
  while (next_ < config_.sessions && !is_stopped_) {
    auto id = id_of(next_++);
    co_await open_session(id, true);
  }
}

asio::awaitable<void> measurement::churn(size_t number) {
  auto visit = [this] { return open_session(id_of(next_++), false); };
  co_await repeat(number, visit);
}

asio::awaitable<void> measurement::open_session(std::string id, bool stays) {
  auto start = clock::now();
  auto node = config_.clients_at.url.name();
  auto target = "/websocket/" + quote(id);
  try {
    auto opened = co_await open_websocket(config_.clients_at, target);
    // A node that opens as many as it may is not measured while it says so.
    for (auto retry = retry_of(opened); retry; retry = retry_of(opened)) {
      co_await sleep(*retry);
      start = clock::now();
      opened = co_await open_websocket(config_.clients_at, target);
    }
    if (auto response = std::get_if<text_response>(&opened))
      throw std::runtime_error{"no WebSocket at " + node + ": "
                               + std::to_string(response->result_int()) + ' '
                               + response->body()};
    auto client = std::get<std::shared_ptr<websocket_client>>(opened);
    // The greeting tells that pushes reach the session.
    auto greeting = co_await client->read();
    if (!std::holds_alternative<websocket_client::message>(greeting))
      throw std::runtime_error{node + " closed a session"};
    if (stays)
      asio::co_spawn(context_, listen(client), asio::detached);
    (stays ? connects_ : visits_).add(clock::now() - start);
    open_ += stays;
  } catch (const std::exception&) {
    failure_ = std::current_exception();
    failed_ += stays;
  }
}

asio::awaitable<void>
measurement::listen(std::shared_ptr<websocket_client> client) {
  try {
    for (;;) {
      auto event = co_await client->read();
      auto message = std::get_if<websocket_client::message>(&event);
      if (!message)
        co_return;
      if (auto age = age_of(message->data)) {
        arrival_times_.add(*age);
        ++arrivals_;
      }
    }
  } catch (const std::runtime_error&) {
    // Pushes that it misses count as lost.
  }
}

// -- pushes -------------------------------------------------------------------

asio::awaitable<void> measurement::push(size_t number) {
  auto stream = co_await connect(config_.pushers_at, patience);
  auto once = [&] { return push_once(stream); };
  co_await repeat(number, once);
}

asio::awaitable<void> measurement::push_once(client_stream& stream) {
  auto is_broadcast = config_.load == workload::broadcast;
  auto path = is_broadcast ? std::string{"/broadcast"}
                           : "/socket/" + id_of(random_() % config_.sessions);
  auto request
    = make_push(config_.pushers_at, path + "?receipt=" + config_.receipt,
                make_timed_text(config_.size));
  auto start = clock::now();
  stream.expires_after(patience);
  auto response = co_await round_trip(stream, config_.pushers_at.url, request);
  answer_times_.add(clock::now() - start);
  ++responses_[response.result_int()];
  if (response.result() == http::status::ok)
    expected_ += is_broadcast ? open_ : 1;
  else
    refusal_ = std::to_string(response.result_int()) + ' ' + response.body();
}

// -- progress -----------------------------------------------------------------

asio::awaitable<void> measurement::show_progress() {
  constexpr size_t width = 40;
  while (isatty(STDERR_FILENO) && clock::now() < deadline_) {
    auto done = std::min<size_t>(width, width * (clock::now() - began_)
                                          / clock::duration{config_.time});
    std::cerr << "\r[" << std::string(done, '#')
              << std::string(width - done, ' ') << "] " << arrivals_
              << " arrivals" << std::flush;
    co_await sleep(milliseconds{200});
  }
}

void measurement::clear_progress() const {
  if (isatty(STDERR_FILENO))
    std::cerr << "\r\x1b[K" << std::flush;
}

} // namespace waybill::app
