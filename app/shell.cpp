#include "app/shell.hpp"

#include <charconv>
#include <iostream>
#include <random>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "actors/push.hpp"
#include "app/cli.hpp"
#include "app/client.hpp"
#include "app/file.hpp"
#include "app/option_parsers.hpp"
#include "net/config.hpp"

namespace waybill::app {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ws = beast::websocket;
using asio::use_awaitable;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// How long to wait before connecting again: at first, and at most.
constexpr auto first_pause = milliseconds{100};
constexpr auto longest_pause = milliseconds{5000};

// -- push ---------------------------------------------------------------------

/// What `waybill push` is told.
struct push_arguments {
  node_access to;
  std::vector<std::string> words;
  std::vector<std::string> files;
  std::string topic;
  bool all = false;
  bool binary = false;
  std::string receipt = "routed";
  milliseconds wait{5000};
  seconds ttl{0};
  std::string key;
};

std::optional<seconds> read_ttl(std::string_view text) {
  seconds::rep count = 0;
  auto last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, count);
  if (error != std::errc{} || end != last || count < 0
      || seconds{count} > longest_ttl)
    return std::nullopt;
  return seconds{count};
}

/// Takes the id, or what stands for it, out of the words of the arguments.
/// @returns the path of the push; nothing if none is named, or several.
std::optional<std::string> take_path(push_arguments& from) {
  if (!from.topic.empty() && !from.all)
    return "/topic/" + quote(from.topic);
  if (from.all && from.topic.empty())
    return "/broadcast";
  if (from.all || from.words.empty())
    return std::nullopt;
  auto id = std::move(from.words.front());
  from.words.erase(from.words.begin());
  return "/socket/" + quote(id);
}

std::optional<std::string> read_body(const std::string& name) {
  // No node takes a larger one.
  constexpr size_t longest = 1 << 30;
  return name == "-" ? read_to_end(std::cin, longest)
                     : read_file(name, longest);
}

text_request to_request(const push_arguments& from, const std::string& target,
                        std::string body) {
  auto result = make_push(from.to, target, std::move(body));
  if (from.binary)
    result.set(http::field::content_type, "application/octet-stream");
  if (!from.key.empty())
    result.set("Idempotency-Key", from.key);
  return result;
}

/// Pushes once.
/// @returns whether the answer is one of success.
bool push_once(const push_arguments& from, const std::string& target,
               std::string body) {
  try {
    auto response = run(
      send(from.to, to_request(from, target, std::move(body)), from.wait));
    auto good = response.result() == http::status::ok
                || response.result() == http::status::accepted;
    (good ? std::cout : std::cerr) << response.body() << std::flush;
    return good;
  } catch (const std::exception& e) {
    fail(1, e.what());
    return false;
  }
}

} // namespace

int run_push(std::vector<std::string> arguments) {
  CLI::App parser{"Pushes a text, files, or what comes on the standard input, "
                  "and prints what became of it.",
                  "waybill push"};
  push_arguments from;
  parser.add_option("ID", from.words,
                    "Id, then the text; without a text, it is what comes on "
                    "the standard input");
  parser
    .add_option("--file", from.files,
                "Push what is in this file, - for the standard input; any "
                "number of times")
    ->allow_extra_args(false);
  parser.add_option("--topic", from.topic, "Push to a topic instead of an id");
  parser.add_flag("--all", from.all, "Push to everyone");
  add_receipt(parser, from.receipt, "How far the answer waits");
  add(parser, "--wait", from.wait, &net::parse_duration, duration_form, "5s",
      "For how long at most");
  add(parser, "--ttl", from.ttl, &read_ttl,
      "a number of seconds from 0 to 31536000, which is a year", "0",
      "Keep it for so many seconds until a client has read it");
  parser.add_option("--idempotency-key", from.key,
                    "Push once, however often it is tried with this key");
  parser.add_flag("--binary", from.binary, "Push bytes, not a text");
  add_access(parser, from.to, "--api-key", "WAYBILL_API_KEY",
             "Key of the pusher");
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  auto target = take_path(from);
  if (!target)
    return fail(2, "name an id, --topic or --all");
  if (from.words.size() > 1 && (from.all || !from.topic.empty()))
    return fail(2, std::string{"an id and "} + (from.all ? "--all" : "--topic")
                     + " do not go together; push one text");
  if (from.words.size() > 1 || (!from.words.empty() && !from.files.empty()))
    return fail(2, "push one text, or files");
  if (auto code = open_access(from.to))
    return *code;
  *target += "?receipt=" + quote(from.receipt)
             + "&wait=" + std::to_string(from.wait.count()) + "ms";
  if (from.ttl.count() > 0)
    *target += "&ttl=" + std::to_string(from.ttl.count());
  if (!from.words.empty())
    return push_once(from, *target, from.words.front()) ? 0 : 1;
  if (from.files.empty())
    from.files.emplace_back("-");
  auto all_good = true;
  for (auto& file : from.files) {
    auto body = read_body(file);
    if (!body)
      return fail(1, "cannot read " + file);
    all_good = push_once(from, *target, *std::move(body)) && all_good;
  }
  return all_good ? 0 : 1;
}

// -- listen -------------------------------------------------------------------

namespace {

/// What `waybill listen` is told.
struct listen_arguments {
  node_access to;
  std::string id;
  std::vector<std::string> topics;
  bool as_json = false;
  size_t count = 0;
};

std::string to_base64(const std::string& bytes) {
  std::string result(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  auto size
    = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(result.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  result.resize(static_cast<size_t>(size));
  return result;
}

/// Listens until it has ended for good.
class listener {
public:
  explicit listener(const listen_arguments& how) : how_(how) {
    target_ = "/websocket/" + quote(how.id);
    for (auto& topic : how.topics)
      target_
        += (&topic == &how.topics.front() ? "?topics=" : ",") + quote(topic);
  }

  /// @returns the exit code.
  asio::awaitable<int> run() {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    while (!code_) {
      std::string why;
      try {
        auto stream = co_await connect(how_.to, patience);
        co_await std::visit([this](auto& x) { return serve(x); }, stream);
      } catch (const std::exception& e) {
        why = e.what();
      }
      if (code_)
        break;
      std::cerr << "waybill: "
                << (why.empty() ? "the connection has ended" : why)
                << "; connecting again\n";
      timer.expires_after(random_part_of(pause_));
      pause_ = std::min(2 * pause_, longest_pause);
      co_await timer.async_wait(use_awaitable);
    }
    co_return *code_;
  }

private:
  /// Listens on one connection to its end.
  template <class Stream>
  asio::awaitable<void> serve(Stream& stream) {
    ws::stream<Stream&> socket{stream};
    // The WebSocket has its own times from here on.
    beast::get_lowest_layer(stream).expires_never();
    socket.set_option(
      ws::stream_base::timeout::suggested(beast::role_type::client));
    socket.set_option(ws::stream_base::decorator{
      [this](ws::request_type& head) { set_secret(head, how_.to); }});
    socket.read_message_max(0);
    ws::response_type response;
    boost::system::error_code ec;
    co_await socket.async_handshake(response, how_.to.url.authority(), target_,
                                    asio::redirect_error(use_awaitable, ec));
    if (ec == ws::error::upgrade_declined)
      co_return on_declined(response);
    if (ec)
      throw failed("no WebSocket at", how_.to.url, ec);
    pause_ = first_pause;
    while (!code_) {
      beast::flat_buffer buffer;
      co_await socket.async_read(buffer,
                                 asio::redirect_error(use_awaitable, ec));
      if (ec == ws::error::closed)
        co_return on_closed(socket.reason());
      if (ec)
        throw failed("lost", how_.to.url, ec);
      print(beast::buffers_to_string(buffer.data()), socket.got_text());
      if (++messages_ == how_.count)
        code_ = 0;
    }
    co_await socket.async_close(ws::close_code::normal,
                                asio::redirect_error(use_awaitable, ec));
  }

  void on_declined(const ws::response_type& response) {
    std::cerr << "waybill: " << response.result_int() << ' ' << response.body();
    // What may pass: a limit, a node that stops, a bus that is away.
    if (response.result() != http::status::too_many_requests
        && response.result() != http::status::service_unavailable)
      code_ = 1;
  }

  void on_closed(const ws::close_reason& why) {
    std::cerr << "waybill: closed with " << why.code << ' '
              << why.reason.c_str() << '\n';
    // Codes of our own stay true for who comes back.
    if (why.code >= 4000)
      code_ = 1;
  }

  void print(const std::string& data, bool is_text) {
    if (!how_.as_json) {
      std::cout << data << std::endl;
      return;
    }
    nlohmann::json line{{"id", how_.id}};
    if (is_text)
      line["text"] = data;
    else
      line["base64"] = to_base64(data);
    std::cout << line.dump() << std::endl;
  }

  /// Spreads out those who come back at the same time.
  milliseconds random_part_of(milliseconds most) {
    std::uniform_int_distribution<milliseconds::rep> part{most.count() / 2,
                                                          most.count()};
    return milliseconds{part(random_)};
  }

  const listen_arguments& how_;
  std::string target_;
  milliseconds pause_ = first_pause;
  size_t messages_ = 0;
  std::optional<int> code_;
  std::minstd_rand random_{std::random_device{}()};
};

} // namespace

int run_listen(std::vector<std::string> arguments) {
  CLI::App parser{"Prints what an id gets, and comes back when the connection "
                  "ends.",
                  "waybill listen"};
  listen_arguments how;
  parser.add_option("ID", how.id, "Id to listen as")->required();
  parser
    .add_option("--topic", how.topics,
                "Topic to listen to; any number of times")
    ->allow_extra_args(false);
  parser.add_flag("--json", how.as_json, "Print an object for each message");
  add(parser, "--count", how.count, &read_limit, "a number from 0 to 1000000",
      "0", "End after so many messages; 0 for never");
  add_access(parser, how.to, "--token", "WAYBILL_TOKEN", "Token of the client");
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (auto code = open_access(how.to))
    return *code;
  listener here{how};
  return run(here.run());
}

} // namespace waybill::app
