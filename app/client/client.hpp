#pragma once

#include <chrono>
#include <stdexcept>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/beast/http.hpp>

#include "app/client/client_stream.hpp"
#include "app/client/node_access.hpp"

namespace waybill::app {

/// Sets the `Authorization` field, if there is a secret.
template <class Fields>
void set_secret(Fields& fields, const node_access& access) {
  if (!access.secret.empty())
    fields.set(boost::beast::http::field::authorization,
               "Bearer " + access.secret);
}

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

} // namespace waybill::app
