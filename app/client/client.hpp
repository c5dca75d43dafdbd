#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/http.hpp>

#include "app/client/client_stream.hpp"
#include "app/options/cli.hpp"
#include "redis/tls.hpp"

namespace waybill::app {

/// Where a node is: a host and a port, or the path of a unix socket.
struct node_url {
  bool tls = false;
  std::string host;
  std::string port;
  std::string path = {};

  /// Parses `http://host[:port]`, `https://host[:port]` or `unix:/path`.
  static std::optional<node_url> parse(std::string_view text);

  /// Returns what a client names in `Host` (RFC 9110, section 7.2).
  std::string authority() const;

  /// Returns what people call it: `host:port` or `unix:/path`.
  std::string name() const;
};

/// Where a node is, and who asks it.
struct node_access {
  node_url url{false, "127.0.0.1", "8080"};

  /// The file of the CA certificates; empty for the system's.
  std::string ca;

  /// A key or a token.
  std::string secret;

  redis::trust_ptr trust = nullptr;
};

/// Adds the options for a node.
/// @param secret the name of the option for the secret.
/// @param variable the variable that it may stand in, too.
void add_access(CLI::App& parser, node_access& access,
                const std::string& secret, const char* variable,
                const std::string& help);

/// Reads what TLS needs.
/// @returns the exit code if that fails.
std::optional<int> open_access(node_access& access);

/// Sets the field that has the secret.
template <class Fields>
void set_secret(Fields& fields, const node_access& access) {
  if (!access.secret.empty())
    fields.set(boost::beast::http::field::authorization,
               "Bearer " + access.secret);
}

/// Adds the option that says how far the answer to a push waits.
void add_receipt(CLI::App& parser, std::string& receipt,
                 const std::string& help);

/// Encodes a text as one segment of a path, or as a value of a query.
std::string quote(const std::string& text);

/// Says what failed at a node.
/// @param what such as `no answer from`.
std::runtime_error failed(const std::string& message, const node_url& url,
                          boost::system::error_code why);

/// Connects to a node.
/// @param limit how long it may take.
/// @throws std::runtime_error if that fails.
boost::asio::awaitable<client_stream> connect(const node_access& to,
                                              std::chrono::milliseconds limit);

/// Runs one coroutine to its end.
template <class T>
T run(boost::asio::awaitable<T> coroutine) {
  boost::asio::io_context context{1};
  auto result = boost::asio::co_spawn(context, std::move(coroutine),
                                      boost::asio::use_future);
  context.run();
  return result.get();
}

using text_request
  = boost::beast::http::request<boost::beast::http::string_body>;
using text_response
  = boost::beast::http::response<boost::beast::http::string_body>;

/// Makes a request without a body.
text_request make_request(const node_access& to,
                          boost::beast::http::verb method,
                          const std::string& target);

/// Makes a request that pushes a text.
text_request make_push(const node_access& to, const std::string& target,
                       std::string body);

/// Sends a request, and returns the answer.
/// @throws std::runtime_error if that fails.
boost::asio::awaitable<text_response> round_trip(client_stream& stream,
                                                 const node_url& to,
                                                 const text_request& request);

/// How long a node may take to answer, besides what it is told to wait for.
constexpr auto patience = std::chrono::seconds{10};

/// Connects, sends a request, and returns the answer.
/// @param wait how long the node was told to wait at most.
/// @throws std::runtime_error if that fails.
boost::asio::awaitable<text_response> send(const node_access& to,
                                           const text_request& request,
                                           std::chrono::milliseconds wait);

} // namespace waybill::app
