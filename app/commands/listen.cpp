#include "app/commands/listen.hpp"

#include <algorithm>
#include <iostream>
#include <random>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "app/client/events_client.hpp"
#include "app/client/websocket_client.hpp"
#include "app/commands/output.hpp"
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
  bool by_events = false;
  bool no_greeting = false;
  output_form form = output_form::text;
  size_t count = 0;
};

/// Decodes a base64 text of a node, which has no line feeds.
std::string from_base64(const std::string& text) {
  std::string result(text.size() / 4 * 3, '\0');
  auto size
    = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(result.data()),
                      reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  auto padding = text.size() - std::min(text.find('='), text.size());
  result.resize(size < 0 ? 0 : static_cast<size_t>(size) - padding);
  return result;
}

/// Describes the response that refused this client.
std::string failure_of(const text_response& response) {
  return visible(api_answer{response.result_int(), response.body()}.failure());
}

/// A client that reconnects until it has an exit code.
class listener {
public:
  explicit listener(const listen_arguments& from) : arguments_(from) {
    target_ = (from.by_events ? "/events/" : "/websocket/") + quote(from.id);
    for (auto& topic : from.topics)
      query_
        += (&topic == &from.topics.front() ? "?topics=" : ",") + quote(topic);
  }

  /// Returns the exit code.
  asio::awaitable<int> run() {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    while (!code_) {
      problem_ = "the connection has ended";
      try {
        if (arguments_.by_events)
          co_await serve_events();
        else
          co_await serve_websocket();
      } catch (const std::exception& e) {
        problem_ = e.what();
        if (code_)
          fail(1, problem_);
      }
      if (code_)
        break;
      fail(1, problem_ + "; connecting again");
      timer.expires_after(retry_ ? *retry_ : jittered(pause_));
      pause_ = std::min(2 * pause_, longest_pause);
      retry_.reset();
      co_await timer.async_wait(use_awaitable);
    }
    co_return *code_;
  }

private:
  /// Serves one WebSocket until it ends.
  asio::awaitable<void> serve_websocket() {
    auto opened = co_await open_websocket(arguments_.to, target_ + query_);
    if (auto response = std::get_if<text_response>(&opened))
      co_return on_declined(*response);
    auto& client = *std::get<std::shared_ptr<websocket_client>>(opened);
    pause_ = first_pause;
    auto is_greeting = !arguments_.no_greeting;
    while (!code_) {
      auto event = co_await client.read();
      if (auto frame = std::get_if<websocket_client::close_frame>(&event))
        co_return on_closed(*frame);
      auto& message = std::get<websocket_client::message>(event);
      print(message.data, message.is_text);
      count(std::exchange(is_greeting, false));
    }
    co_await client.close();
  }

  /// Serves one event stream until it ends.
  asio::awaitable<void> serve_events() {
    auto opened
      = co_await open_events(arguments_.to, target_ + query_, last_id_);
    if (auto response = std::get_if<text_response>(&opened))
      co_return on_declined(*response);
    auto& client = *std::get<std::shared_ptr<events_client>>(opened);
    auto& parser = client.parser();
    while (!code_) {
      auto event = co_await client.read();
      last_id_ = parser.last_id();
      if (!event) {
        retry_ = parser.retry();
        if (!parser.comment().empty())
          problem_ = parser.comment();
        co_return;
      }
      pause_ = first_pause;
      auto is_greeting = event->type == "hello";
      if (event->type == "binary")
        print(from_base64(event->data), false);
      else if (!is_greeting || !event->data.empty())
        print(event->data, true);
      count(is_greeting);
    }
    co_await confirm();
  }

  /// Confirms what was printed, since this client does not come back.
  asio::awaitable<void> confirm() {
    // No push was kept.
    if (last_id_ == "0")
      co_return;
    auto request = make_request(arguments_.to, http::verb::post,
                                target_ + "/confirm?upto=" + quote(last_id_));
    request.prepare_payload();
    auto response = co_await send(arguments_.to, request, {});
    if (response.result() != http::status::ok)
      fail(1, failure_of(response));
  }

  /// Counts a message, which may be the last.
  void count(bool is_greeting) {
    if (!is_greeting && ++messages_ == arguments_.count)
      code_ = 0;
  }

  void on_declined(const text_response& response) {
    if (response.result() == http::status::no_content)
      fail(1, "204: this client was kicked or replaced");
    else
      fail(1, failure_of(response));
    retry_ = upgrade_retry(response);
    // These are temporary: a limit, a stopping node, an unavailable bus.
    if (response.result() != http::status::too_many_requests
        && response.result() != http::status::service_unavailable)
      code_ = 1;
  }

  void on_closed(const websocket_client::close_frame& frame) {
    fail(1, visible("closed with " + std::to_string(frame.code) + ' '
                    + frame.reason));
    retry_ = close_retry(frame);
    // Application codes also apply after a reconnect.
    if (frame.code >= 4000)
      code_ = 1;
  }

  void print(const std::string& data, bool is_text) {
    if (arguments_.form == output_form::text) {
      std::cout << data << std::endl;
      return;
    }
    nlohmann::json line{{"id", arguments_.id}};
    if (is_text)
      line["text"] = data;
    else
      line["base64"] = net::to_base64(data);
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
  std::string query_;

  /// The reason for the next reconnect.
  std::string problem_;
  milliseconds pause_ = first_pause;

  /// The delay that the node told, if any.
  std::optional<milliseconds> retry_;

  /// The position in the event stream, which its next request confirms.
  std::string last_id_;
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
  parser.add_flag("--events", from.by_events,
                  "Listen by an event stream instead of a WebSocket");
  parser.add_flag(
    "--no-greeting", from.no_greeting,
    "Count the first message of a WebSocket, too: the node has no "
    "greeting");
  add(parser, "--count", from.count, &read_limit, "a number from 0 to 1000000",
      "0", "Messages after the greeting at which to exit; 0 for no limit");
  add_output(parser, from.form);
  add_access(parser, from.to, secret_kind::token, "Token of the client");
  add_examples(parser, {"waybill listen 456",
                        "waybill listen 456 --topic news --topic sport",
                        "waybill listen 456 --events --count 1"});
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (auto code = open_access(parser, from.to))
    return *code;
  listener client{from};
  return run(client.run());
}

} // namespace waybill::app
