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

/// The address of a node: a host and a port, or the path of a unix socket.
struct node_url {
  bool tls = false;
  std::string host;
  std::string port;
  std::string path = {};

  /// Parses `http://host[:port]`, `https://host[:port]` or `unix:/path`.
  static std::optional<node_url> parse(std::string_view text);

  /// Returns the value of the `Host` field (RFC 9110, section 7.2).
  std::string authority() const;

  /// Returns the name for messages: `host:port` or `unix:/path`.
  std::string name() const;
};

/// The address of a node, and the credentials for it.
struct node_access {
  node_url url{false, "127.0.0.1", "8080"};

  /// File of the CA certificates; empty for the system's.
  std::string ca;

  /// API key or token; empty for none.
  std::string secret;

  redis::trust_ptr trust = nullptr;
};

/// Adds the options for the access to a node.
/// @param secret the name of the option for the secret.
/// @param variable the environment variable for the secret.
void add_access(CLI::App& parser, node_access& access,
                const std::string& secret, const char* variable,
                const std::string& help);

/// Loads the CA certificates that TLS needs.
/// @returns the exit code on failure; nothing on success.
std::optional<int> open_access(node_access& access);

/// Sets the `Authorization` field, if there is a secret.
template <class Fields>
void set_secret(Fields& fields, const node_access& access) {
  if (!access.secret.empty())
    fields.set(boost::beast::http::field::authorization,
               "Bearer " + access.secret);
}

/// Adds the option `--receipt`.
void add_receipt(CLI::App& parser, std::string& receipt,
                 const std::string& help);

/// Percent-encodes a text as a path segment or query value.
std::string quote(const std::string& text);

/// Builds the error of a failed operation.
/// @param message precedes the name of the node, such as `no answer from`.
std::runtime_error failed(const std::string& message, const node_url& url,
                          boost::system::error_code error);

/// Connects to a node.
/// @param limit the timeout of the connection and its TLS handshake.
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

/// Builds a request without a body.
text_request make_request(const node_access& to,
                          boost::beast::http::verb method,
                          const std::string& target);

/// Builds a request that pushes a text.
text_request make_push(const node_access& to, const std::string& target,
                       std::string body);

/// Sends a request, and returns the response.
/// @throws std::runtime_error if that fails.
boost::asio::awaitable<text_response> round_trip(client_stream& stream,
                                                 const node_url& to,
                                                 const text_request& request);

/// Timeout of an operation, on top of the time that the node is told to wait.
constexpr auto patience = std::chrono::seconds{10};

/// Connects, sends a request, and returns the response.
/// @param wait the longest time that the node was told to wait.
/// @throws std::runtime_error if that fails.
boost::asio::awaitable<text_response> send(const node_access& to,
                                           const text_request& request,
                                           std::chrono::milliseconds wait);

/// Sends a request, and prints the body of the response, or why there is none:
/// to standard output if the status is 200 or 202, else to standard error.
/// @returns whether it is one of these.
bool print_response(const node_access& to, const text_request& request,
                    std::chrono::milliseconds wait);

} // namespace waybill::app
