#include "app/client/client.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

namespace waybill::app {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::use_awaitable;

namespace {

using plain_stream = boost::beast::basic_stream<asio::generic::stream_protocol>;
using tls_stream = boost::beast::ssl_stream<plain_stream>;

template <class Stream>
class transport final : public client_stream::transport {
public:
  explicit transport(Stream stream) : stream_(std::move(stream)) {
    // nop
  }

  client_stream::executor_type executor() override {
    return stream_.get_executor();
  }

  void read(std::vector<asio::mutable_buffer> buffers,
            client_stream::io_handler handler) override {
    stream_.async_read_some(buffers, std::move(handler));
  }

  void write(std::vector<asio::const_buffer> buffers,
             client_stream::io_handler handler) override {
    stream_.async_write_some(buffers, std::move(handler));
  }

  void limit(std::chrono::milliseconds time) override {
    auto& socket = boost::beast::get_lowest_layer(stream_);
    if (time.count() > 0)
      socket.expires_after(time);
    else
      socket.expires_never();
  }

  void close() override { boost::beast::get_lowest_layer(stream_).close(); }

  void
  shutdown(std::function<void(client_stream::error_code)> handler) override {
    if constexpr (std::is_same_v<Stream, tls_stream>) {
      stream_.async_shutdown(std::move(handler));
    } else {
      client_stream::error_code ec;
      stream_.socket().shutdown(asio::socket_base::shutdown_both, ec);
      asio::post(stream_.get_executor(), [handler, ec] { handler(ec); });
    }
  }

private:
  Stream stream_;
};

template <class Stream>
client_stream make_stream(Stream stream) {
  return client_stream{std::make_unique<transport<Stream>>(std::move(stream))};
}

/// @throws boost::system::system_error if that fails.
asio::awaitable<void> connect_socket(plain_stream& socket,
                                     const node_url& url) {
  if (!url.path.empty())
    co_return co_await socket.async_connect(
      asio::local::stream_protocol::endpoint{url.path}, use_awaitable);
  asio::ip::tcp::resolver resolver{socket.get_executor()};
  auto found
    = co_await resolver.async_resolve(url.host, url.port, use_awaitable);
  boost::system::error_code ec = asio::error::host_not_found;
  for (auto& entry : found) {
    co_await socket.async_connect(entry.endpoint(),
                                  asio::redirect_error(use_awaitable, ec));
    if (!ec)
      co_return;
  }
  throw boost::system::system_error{ec};
}

/// @throws boost::system::system_error if that fails.
asio::awaitable<text_response> exchange(client_stream& stream,
                                        const text_request& request) {
  co_await http::async_write(stream, request, use_awaitable);
  boost::beast::flat_buffer buffer;
  text_response result;
  co_await http::async_read(stream, buffer, result, use_awaitable);
  co_return result;
}

} // namespace

text_request make_request(const node_access& to, http::verb method,
                          const std::string& target) {
  text_request result{method, target, 11};
  result.set(http::field::host, to.url.authority());
  result.set(http::field::user_agent, "waybill");
  set_secret(result, to);
  return result;
}

text_request make_push(const node_access& to, const std::string& target,
                       std::string body) {
  auto result = make_request(to, http::verb::post, target);
  result.set(http::field::content_type, "text/plain");
  result.body() = std::move(body);
  result.prepare_payload();
  return result;
}

std::runtime_error failed(const std::string& message, const node_url& url,
                          boost::system::error_code error) {
  return std::runtime_error{message + ' ' + url.name() + ": "
                            + error.message()};
}

asio::awaitable<client_stream> connect(const node_access& to,
                                       std::chrono::milliseconds limit) {
  auto& url = to.url;
  plain_stream socket{co_await asio::this_coro::executor};
  socket.expires_after(limit);
  try {
    co_await connect_socket(socket, url);
  } catch (const boost::system::system_error& e) {
    throw failed("cannot connect to", url, e.code());
  }
  if (!url.tls)
    co_return make_stream(std::move(socket));
  tls_stream result{std::move(socket), *to.trust};
  redis::expect_host(result.native_handle(), url.host);
  boost::system::error_code ec;
  co_await result.async_handshake(asio::ssl::stream_base::client,
                                  asio::redirect_error(use_awaitable, ec));
  if (ec)
    throw std::runtime_error{"cannot connect to " + url.name() + ": "
                             + redis::failure_of(result.native_handle(), ec)};
  co_return make_stream(std::move(result));
}

asio::awaitable<text_response> round_trip(client_stream& stream,
                                          const node_url& to,
                                          const text_request& request) {
  try {
    co_return co_await exchange(stream, request);
  } catch (const boost::system::system_error& e) {
    throw failed("no answer from", to, e.code());
  }
}

asio::awaitable<text_response> send(const node_access& to,
                                    const text_request& request,
                                    std::chrono::milliseconds wait) {
  auto stream = co_await connect(to, patience);
  stream.expires_after(wait + patience);
  co_return co_await round_trip(stream, to.url, request);
}

} // namespace waybill::app
