#include "app/client/client.hpp"

#include <iostream>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "actors/core/push.hpp"

namespace waybill::app {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace urls = boost::urls;
using asio::use_awaitable;

std::optional<node_url> node_url::parse(std::string_view text) {
  constexpr std::string_view unix_scheme = "unix:";
  if (text.starts_with("unix:/"))
    return node_url{false, "localhost", "",
                    std::string{text.substr(unix_scheme.size())}};
  auto url = urls::parse_uri(text);
  if (!url || url->host().empty() || url->has_userinfo() || url->has_query()
      || (!url->encoded_path().empty() && url->encoded_path() != "/"))
    return std::nullopt;
  auto is_tls = url->scheme_id() == urls::scheme::https;
  if (!is_tls && url->scheme_id() != urls::scheme::http)
    return std::nullopt;
  auto port = url->has_port() ? std::string{url->port()}
              : is_tls        ? "443"
                              : "80";
  return node_url{is_tls, url->host_address(), port};
}

std::string node_url::authority() const {
  if (!path.empty())
    return host;
  auto is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? '[' + host + ']' : host) + ':' + port;
}

std::string node_url::name() const {
  return path.empty() ? authority() : "unix:" + path;
}

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

std::optional<std::string> read_receipt(std::string_view text) {
  for (auto level :
       {receipt_level::routed, receipt_level::written, receipt_level::received})
    if (text == to_string(level))
      return to_string(level);
  return std::nullopt;
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

void add_access(CLI::App& parser, node_access& access,
                const std::string& secret, const char* variable,
                const std::string& help) {
  add(parser, "--url", access.url, &node_url::parse,
      "http://host:port, https://host:port or unix:/path",
      "http://127.0.0.1:8080", "URL of the node")
    ->envname("WAYBILL_URL");
  parser.add_option(secret, access.secret, help)->envname(variable);
  parser.add_option("--ca", access.ca,
                    "PEM file of the CA certificates for https://; by default "
                    "the system's");
}

void add_receipt(CLI::App& parser, std::string& receipt,
                 const std::string& help) {
  add(parser, "--receipt", receipt, &read_receipt,
      "routed, written or received", "routed",
      help + ": routed, written, received");
}

std::optional<int> open_access(node_access& access) {
  if (!access.url.tls)
    return std::nullopt;
  auto trust = redis::make_trust(access.ca);
  if (!trust)
    return fail(2, "--ca " + access.ca + ": "
                     + trust.error().context().get_as<std::string>(0));
  access.trust = *trust;
  return std::nullopt;
}

std::string quote(const std::string& text) {
  return urls::encode(text, urls::unreserved_chars);
}

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

bool print_response(const node_access& to, const text_request& request,
                    std::chrono::milliseconds wait) {
  try {
    auto response = run(send(to, request, wait));
    auto good = response.result() == http::status::ok
                || response.result() == http::status::accepted;
    (good ? std::cout : std::cerr) << response.body() << std::flush;
    return good;
  } catch (const std::exception& e) {
    fail(1, e.what());
    return false;
  }
}

} // namespace waybill::app
