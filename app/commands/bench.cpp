#include "app/commands/bench.hpp"

#include <unistd.h>

#include <algorithm>
#include <initializer_list>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <variant>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "app/client/websocket_client.hpp"
#include "app/commands/latency_histogram.hpp"
#include "app/options/option_parsers.hpp"
#include "net/config.hpp"

namespace waybill::app {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::use_awaitable;
using clock = std::chrono::steady_clock;
using json = nlohmann::ordered_json;
using std::chrono::milliseconds;

/// How long a node may take to answer, and what was pushed to arrive.
constexpr auto patience = std::chrono::seconds{10};

/// How many clients connect at the same time.
constexpr size_t connectors = 64;

enum class workload { unicast, broadcast, connect, idle };

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

/// What `waybill bench` is told.
struct bench_arguments {
  node_access pushers_at;
  node_access clients_at;
  workload load = workload::unicast;
  size_t sessions = 1000;
  size_t rate = 1000;
  size_t pushers = 16;
  milliseconds time{10'000};
  size_t size = 100;
  std::string receipt = "routed";
  size_t process = 0;
  bool as_json = false;
};

/// One measurement.
class bench {
public:
  bench(asio::io_context& context, const bench_arguments& how)
      : context_(context), how_(how), idle_(usage_of(how.process)) {
    // nop
  }

  /// Connects all sessions, puts the load on them, and waits for what is still
  /// to come.
  asio::awaitable<void> run() {
    began_ = clock::now();
    co_await at_once(connectors, [this](size_t) { return connect_some(); });
    connect_time_ = clock::now() - began_;
    connected_ = usage_of(how_.process);
    began_ = clock::now();
    asio::co_spawn(context_, show_progress(), asio::detached);
    if (how_.load == workload::idle)
      co_await sleep(how_.time);
    else if (how_.load == workload::connect)
      co_await at_once(how_.pushers,
                       [this](size_t i) { return come_and_go(i); });
    else
      co_await at_once(how_.pushers, [this](size_t i) { return push(i); });
    push_time_ = clock::now() - began_;
    for (auto end = clock::now() + patience;
         arrivals_ < expected_ && clock::now() < end;)
      co_await sleep(milliseconds{10});
    end_ = usage_of(how_.process);
  }

  /// Returns why a connection failed, the last that did; empty for none.
  std::string failure() const {
    try {
      if (failure_)
        std::rethrow_exception(failure_);
      return "";
    } catch (const std::exception& e) {
      return e.what();
    }
  }

  /// Returns what became of pushes that were not answered 200; empty for none.
  std::string refusal() const {
    size_t count = 0;
    for (auto [status, number] : responses_)
      count += status == 200 ? 0 : number;
    return count == 0 ? ""
                      : "pushes that were not answered 200: "
                          + std::to_string(count) + ", the last of them "
                          + refusal_.substr(0, refusal_.find('\n'));
  }

  /// Returns what was measured.
  json result() {
    using seconds = std::chrono::duration<double>;
    auto of
      = [](double sum, double count) { return count > 0 ? sum / count : 0; };
    json answers = json::object();
    double pushes = 0;
    auto visits = static_cast<double>(visits_.count());
    for (auto [status, count] : responses_) {
      answers[std::to_string(status)] = count;
      pushes += static_cast<double>(count);
    }
    json result{
      {"sessions", open_},
      {"failed_sessions", how_.sessions - open_},
      {"sessions_per_second",
       of(static_cast<double>(open_), seconds{connect_time_}.count())},
      {"connect_ms", connects_.summary()},
      {"visits_per_second", of(visits, seconds{push_time_}.count())},
      {"visit_ms", visits_.summary()},
      {"answers", std::move(answers)},
      {"pushes_per_second", of(pushes, seconds{push_time_}.count())},
      {"answer_ms", answer_times_.summary()},
      {"arrivals", arrivals_},
      {"lost", expected_ - std::min(expected_, arrivals_)},
      {"arrival_ms", arrival_times_.summary()},
    };
    if (how_.process > 0) {
      auto all = static_cast<double>(open_);
      result["cpu_us_per_session"]
        = of(1e6 * (connected_.cpu_seconds - idle_.cpu_seconds), all);
      result["bytes_per_session"]
        = of(connected_.memory_bytes - idle_.memory_bytes, all);
      auto used = 1e6 * (end_.cpu_seconds - connected_.cpu_seconds);
      result["cpu_us_per_push"] = of(used, pushes);
      result["cpu_us_per_visit"] = of(used, visits);
    }
    return result;
  }

private:
  // -- sessions ---------------------------------------------------------------

  /// Runs so many coroutines, and waits for all.
  template <class Make>
  asio::awaitable<void> at_once(size_t count, Make make) {
    auto running = count;
    for (size_t i = 0; i < count; ++i)
      asio::co_spawn(context_, make(i),
                     [this, &running](const std::exception_ptr& why) {
                       --running;
                       if (why)
                         failure_ = why;
                     });
    while (running > 0)
      co_await sleep(milliseconds{1});
  }

  asio::awaitable<void> sleep(clock::duration time) {
    asio::steady_timer timer{context_, time};
    co_await timer.async_wait(use_awaitable);
  }

  asio::awaitable<void> connect_some() {
    while (next_ < how_.sessions) {
      auto id = id_of(next_++);
      co_await connect_one(id, true);
    }
  }

  /// Connects sessions that end at once, until the time is up.
  asio::awaitable<void> come_and_go(size_t number) {
    auto visit = [this] { return connect_one(id_of(next_++), false); };
    co_await take_turns(number, visit);
  }

  /// Opens a session. One that stays counts what it gets until the end.
  asio::awaitable<void> connect_one(std::string id, bool stays) {
    auto start = clock::now();
    try {
      auto opened
        = co_await open_websocket(how_.clients_at, "/websocket/" + quote(id));
      if (auto response = std::get_if<text_response>(&opened))
        throw std::runtime_error{"no WebSocket at " + how_.clients_at.url.name()
                                 + ": " + std::to_string(response->result_int())
                                 + ' ' + response->body()};
      auto client = std::get<std::shared_ptr<websocket_client>>(opened);
      // The greeting says that it can be reached.
      auto greeting = co_await client->read();
      if (!std::holds_alternative<websocket_client::message>(greeting))
        throw std::runtime_error{how_.clients_at.url.name()
                                 + " closed a session"};
      if (stays)
        asio::co_spawn(context_, listen(client), asio::detached);
      (stays ? connects_ : visits_).add(clock::now() - start);
      open_ += stays;
    } catch (const std::exception&) {
      failure_ = std::current_exception();
    }
  }

  asio::awaitable<void> listen(std::shared_ptr<websocket_client> client) {
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
      // What it does not get any more counts as lost.
    }
  }

  std::string id_of(size_t number) const {
    return "bench-" + std::to_string(getpid()) + '-' + std::to_string(number);
  }

  /// Does something at the rate that was asked for, until the time is up. All
  /// who do so take turns.
  template <class Once>
  asio::awaitable<void> take_turns(size_t number, Once once) {
    clock::duration pause{0};
    if (how_.rate > 0)
      pause = clock::duration{std::chrono::seconds{how_.pushers}}
              / static_cast<clock::rep>(how_.rate);
    auto due = began_
               + pause * static_cast<clock::rep>(number)
                   / static_cast<clock::rep>(how_.pushers);
    for (; due < began_ + how_.time; due += pause) {
      if (how_.rate == 0)
        due = clock::now();
      else
        co_await sleep(due - clock::now());
      co_await once();
    }
  }

  // -- pushes -----------------------------------------------------------------

  /// Pushes on one connection until the time is up.
  asio::awaitable<void> push(size_t number) {
    auto stream = co_await connect(how_.pushers_at, patience);
    auto once = [&] { return push_once(stream); };
    co_await take_turns(number, once);
  }

  asio::awaitable<void> push_once(client_stream& stream) {
    auto is_broadcast = how_.load == workload::broadcast;
    auto path = is_broadcast ? std::string{"/broadcast"}
                             : "/socket/" + id_of(random_() % how_.sessions);
    auto request = make_push(how_.pushers_at, path + "?receipt=" + how_.receipt,
                             make_timed_text(how_.size));
    auto start = clock::now();
    stream.expires_after(patience);
    auto response = co_await round_trip(stream, how_.pushers_at.url, request);
    answer_times_.add(clock::now() - start);
    ++responses_[response.result_int()];
    if (response.result() == beast::http::status::ok)
      expected_ += is_broadcast ? open_ : 1;
    else
      refusal_ = std::to_string(response.result_int()) + ' ' + response.body();
  }

  // -- progress ---------------------------------------------------------------

  /// Shows people how far it is.
  asio::awaitable<void> show_progress() {
    constexpr size_t width = 40;
    while (isatty(STDERR_FILENO) && clock::now() < began_ + how_.time) {
      auto done = std::min<size_t>(width, width * (clock::now() - began_)
                                            / clock::duration{how_.time});
      std::cerr << "\r[" << std::string(done, '#')
                << std::string(width - done, ' ') << "] " << arrivals_
                << " arrivals" << std::flush;
      co_await sleep(milliseconds{200});
    }
    if (isatty(STDERR_FILENO))
      std::cerr << "\r\x1b[K" << std::flush;
  }

  asio::io_context& context_;
  const bench_arguments& how_;
  const usage idle_;
  usage connected_;
  usage end_;
  clock::time_point began_;
  clock::duration connect_time_{0};
  clock::duration push_time_{0};
  size_t next_ = 0;
  size_t open_ = 0;
  size_t arrivals_ = 0;
  size_t expected_ = 0;
  latency_histogram connects_;
  latency_histogram visits_;
  latency_histogram answer_times_;
  latency_histogram arrival_times_;
  std::map<unsigned, size_t> responses_;
  std::string refusal_;
  std::exception_ptr failure_;
  std::minstd_rand random_;
};

/// Tells whether a row of the table says something of what happened.
bool belongs_to(workload load, const std::string& row) {
  auto is_of = [&row](std::initializer_list<const char*> rows) {
    return std::find(rows.begin(), rows.end(), row) != rows.end();
  };
  if (is_of({"visits_per_second", "visit_ms", "cpu_us_per_visit"}))
    return load == workload::connect;
  if (is_of({"answers", "pushes_per_second", "answer_ms", "arrivals", "lost",
             "arrival_ms", "cpu_us_per_push"}))
    return load == workload::unicast || load == workload::broadcast;
  return true;
}

/// Prints what was measured, for people.
void print(const json& all, workload load) {
  auto out = [](const json& x) {
    std::ostringstream text;
    text << std::fixed << std::setprecision(x.is_number_float() ? 1 : 0);
    if (x.is_number_float())
      text << x.get<double>();
    else
      text << x;
    return text.str();
  };
  for (auto& [name, value] : all.items()) {
    if (!belongs_to(load, name))
      continue;
    std::cout << std::left << std::setw(21) << name << std::right;
    if (!value.is_object())
      std::cout << std::setw(10) << out(value);
    else
      for (auto& [part, number] : value.items())
        std::cout << std::setw(10) << out(number) << ' ' << part;
    std::cout << '\n';
  }
}

} // namespace

int run_bench(std::vector<std::string> arguments) {
  CLI::App parser{"Measures a node, or a cluster behind one address: connects "
                  "sessions, pushes to them, and counts what arrives when.",
                  "waybill bench"};
  bench_arguments how;
  add(parser, "--load", how.load, &read_workload,
      "unicast, broadcast, connect or idle", "unicast",
      "What happens: unicast (pushes to one id at a time), broadcast (pushes "
      "to everyone), connect (other sessions come and go), idle (nothing)");
  add(parser, "--sessions", how.sessions, &read_count,
      "a number from 1 to 1000000", "1000", "How many sessions there are");
  add(parser, "--rate", how.rate, &read_limit, "a number from 0 to 1000000",
      "1000", "Pushes, or connects, a second; 0 for as many as go");
  add(parser, "--pushers", how.pushers, &read_count,
      "a number from 1 to 1000000", "16",
      "Connections that push, or connect, at the same time");
  add(parser, "--time", how.time, &net::parse_duration, duration_form, "10s",
      "For how long");
  add(parser, "--size", how.size, &read_size,
      "a number of bytes such as 100 or 1KiB", "100", "Bytes of each push");
  add_receipt(parser, how.receipt, "How far the answers wait");
  add(parser, "--process", how.process, &read_process,
      "the id of a process that runs here, or 0 for none", "0",
      "Process of the node on this machine, of which CPU and memory are told");
  parser.add_flag("--json", how.as_json, "Print a JSON object");
  add_access(parser, how.pushers_at, "--api-key", "WAYBILL_API_KEY",
             "Key of the pusher");
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (auto code = open_access(how.pushers_at))
    return *code;
  how.clients_at = how.pushers_at;
  how.clients_at.secret.clear();
  asio::io_context context{1};
  bench measurement{context, how};
  asio::co_spawn(context, measurement.run(),
                 [&context](const std::exception_ptr&) { context.stop(); });
  context.run();
  auto result = measurement.result();
  if (how.as_json)
    std::cout << result.dump() << std::endl;
  else
    print(result, how.load);
  auto code = result["lost"] == 0 && result["failed_sessions"] == 0 ? 0 : 1;
  for (auto& why : {measurement.refusal(), measurement.failure()})
    if (!why.empty())
      code = fail(1, why);
  return code;
}

} // namespace waybill::app
