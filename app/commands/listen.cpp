#include "app/commands/listen.hpp"

#include <algorithm>
#include <iostream>
#include <random>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>

#include "app/client/websocket_client.hpp"
#include "app/options/cli.hpp"
#include "app/options/option_parsers.hpp"
#include "net/base64.hpp"

namespace waybill::app {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::use_awaitable;
using std::chrono::milliseconds;

namespace {

/// Shortest and longest delay before a reconnect.
constexpr auto first_pause = milliseconds{100};
constexpr auto longest_pause = milliseconds{5000};

/// The arguments of `waybill listen`.
struct listen_arguments {
  node_access to;
  std::string id;
  std::vector<std::string> topics;
  bool as_json = false;
  size_t count = 0;
};

/// A client that reconnects until it has an exit code.
class listener {
public:
  explicit listener(const listen_arguments& from) : arguments_(from) {
    target_ = "/websocket/" + quote(from.id);
    for (auto& topic : from.topics)
      target_
        += (&topic == &from.topics.front() ? "?topics=" : ",") + quote(topic);
  }

  /// Returns the exit code.
  asio::awaitable<int> run() {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    while (!code_) {
      std::string problem;
      try {
        co_await serve();
      } catch (const std::exception& e) {
        problem = e.what();
      }
      if (code_)
        break;
      std::cerr << "waybill: "
                << (problem.empty() ? "the connection has ended" : problem)
                << "; connecting again\n";
      timer.expires_after(retry_ ? *retry_ : jittered(pause_));
      pause_ = std::min(2 * pause_, longest_pause);
      retry_.reset();
      co_await timer.async_wait(use_awaitable);
    }
    co_return *code_;
  }

private:
  /// Serves one connection until it ends.
  asio::awaitable<void> serve() {
    auto opened = co_await open_websocket(arguments_.to, target_);
    if (auto response = std::get_if<text_response>(&opened))
      co_return on_declined(*response);
    auto& client = *std::get<std::shared_ptr<websocket_client>>(opened);
    pause_ = first_pause;
    while (!code_) {
      auto event = co_await client.read();
      if (auto frame = std::get_if<websocket_client::close_frame>(&event))
        co_return on_closed(*frame);
      print(std::get<websocket_client::message>(event));
      if (++messages_ == arguments_.count)
        code_ = 0;
    }
    co_await client.close();
  }

  void on_declined(const text_response& response) {
    std::cerr << "waybill: " << response.result_int() << ' ' << response.body();
    retry_ = upgrade_retry(response);
    // These are temporary: a limit, a stopping node, an unavailable bus.
    if (response.result() != http::status::too_many_requests
        && response.result() != http::status::service_unavailable)
      code_ = 1;
  }

  void on_closed(const websocket_client::close_frame& frame) {
    std::cerr << "waybill: closed with " << frame.code << ' ' << frame.reason
              << '\n';
    retry_ = close_retry(frame);
    // Application codes also apply after a reconnect.
    if (frame.code >= 4000)
      code_ = 1;
  }

  void print(const websocket_client::message& message) {
    if (!arguments_.as_json) {
      std::cout << message.data << std::endl;
      return;
    }
    nlohmann::json line{{"id", arguments_.id}};
    if (message.is_text)
      line["text"] = message.data;
    else
      line["base64"] = net::to_base64(message.data);
    std::cout << line.dump() << std::endl;
  }

  /// Adds jitter, so that clients do not reconnect all at once.
  milliseconds jittered(milliseconds delay) {
    std::uniform_int_distribution<milliseconds::rep> part{delay.count() / 2,
                                                          delay.count()};
    return milliseconds{part(random_)};
  }

  const listen_arguments& arguments_;
  std::string target_;
  milliseconds pause_ = first_pause;

  /// The delay that the node told, if any.
  std::optional<milliseconds> retry_;
  size_t messages_ = 0;
  std::optional<int> code_;
  std::minstd_rand random_{std::random_device{}()};
};

} // namespace

int run_listen(std::vector<std::string> arguments) {
  CLI::App parser{"Prints the messages of an id, and reconnects when the "
                  "connection ends.",
                  "waybill listen"};
  listen_arguments from;
  parser.add_option("ID", from.id, "Id to listen as")->required();
  parser.add_option("--topic", from.topics, "Topic to listen to; repeatable")
    ->allow_extra_args(false);
  parser.add_flag("--json", from.as_json,
                  "Print a JSON object for each message");
  add(parser, "--count", from.count, &read_limit, "a number from 0 to 1000000",
      "0", "Messages after which to exit; 0 for no limit");
  add_access(parser, from.to, "--token", "WAYBILL_TOKEN",
             "Token of the client");
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (auto code = open_access(from.to))
    return *code;
  listener client{from};
  return run(client.run());
}

} // namespace waybill::app
