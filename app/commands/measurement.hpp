#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "app/client/websocket_client.hpp"
#include "app/commands/latency_histogram.hpp"
#include "app/commands/output.hpp"

namespace waybill::app {

enum class workload {
  /// Pushes to one id at a time.
  unicast,
  /// Pushes to all sessions.
  broadcast,
  /// Opens and closes further sessions.
  connect,
  /// Does nothing.
  idle,
};

std::optional<workload> read_workload(std::string_view text);

/// The arguments of `waybill bench`.
struct bench_options {
  node_access pushers_at;
  node_access clients_at;
  workload load = workload::unicast;
  size_t sessions = 1000;
  size_t rate = 1000;
  size_t pushers = 16;
  std::chrono::milliseconds time{10'000};
  size_t size = 100;
  std::string receipt = "routed";
  size_t process = 0;
  output_form form = output_form::text;
};

/// One run of `waybill bench`: opens the sessions, applies the load and counts
/// what arrives.
class measurement {
public:
  measurement(boost::asio::io_context& context, const bench_options& config);

  /// Connects all sessions, applies the load, and waits for outstanding pushes.
  boost::asio::awaitable<void> run();

  /// Ends the measurement early.
  void stop();

  /// Tells whether any session was opened, without which there are no figures.
  bool has_sessions() const noexcept { return open_ > 0; }

  /// Returns the error of the last connection that failed; empty for none.
  std::string failure() const;

  /// Describes the pushes that were not answered 200; empty for none.
  std::string refusal() const;

  /// Returns the figures by their names.
  nlohmann::ordered_json result();

private:
  using clock = std::chrono::steady_clock;

  /// Runs `count` coroutines concurrently, and waits for all.
  template <class Make>
  boost::asio::awaitable<void> run_all(size_t count, Make make);

  /// Calls `once` at this coroutine's share of the rate until the time is up.
  /// @param number the index of this coroutine; the starts are staggered by it.
  template <class Once>
  boost::asio::awaitable<void> repeat(size_t number, Once once);

  boost::asio::awaitable<void> sleep(clock::duration time);

  /// Waits until `time`, or until the load is over.
  boost::asio::awaitable<void> wait_until(clock::time_point time);

  // -- sessions ---------------------------------------------------------------

  /// Opens sessions until there are as many as configured.
  boost::asio::awaitable<void> open_sessions();

  /// Opens sessions and drops each at once, until the time is up.
  boost::asio::awaitable<void> churn(size_t number);

  /// Opens a session, and counts its messages until the end if it `stays`.
  boost::asio::awaitable<void> open_session(std::string id, bool stays);

  boost::asio::awaitable<void> listen(std::shared_ptr<websocket_client> client);

  // -- pushes -----------------------------------------------------------------

  /// Pushes on one connection until the time is up.
  boost::asio::awaitable<void> push(size_t number);

  boost::asio::awaitable<void> push_once(client_stream& stream);

  // -- progress ---------------------------------------------------------------

  /// Draws a progress bar if standard error is a terminal.
  boost::asio::awaitable<void> show_progress();

  void clear_progress() const;

  boost::asio::io_context& context_;
  const bench_options& config_;

  /// Resources of the node's process: at first, with all sessions, at the end.
  const usage idle_;
  usage connected_;
  usage end_;

  clock::time_point began_;

  /// The end of the load.
  clock::time_point deadline_;
  bool is_stopped_ = false;
  clock::duration connect_time_{0};
  clock::duration push_time_{0};
  size_t next_ = 0;
  size_t open_ = 0;
  size_t failed_ = 0;
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

} // namespace waybill::app
