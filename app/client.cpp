#include "app/client.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/url/parse.hpp>

namespace waybill::app {

namespace asio = boost::asio;
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

namespace {

asio::awaitable<void> connect_socket(plain_stream& socket,
                                     const node_url& where) {
  if (!where.path.empty())
    co_return co_await socket.async_connect(
      asio::local::stream_protocol::endpoint{where.path}, use_awaitable);
  asio::ip::tcp::resolver resolver{socket.get_executor()};
  auto found
    = co_await resolver.async_resolve(where.host, where.port, use_awaitable);
  boost::system::error_code ec = asio::error::host_not_found;
  for (auto& each : found) {
    co_await socket.async_connect(each.endpoint(),
                                  asio::redirect_error(use_awaitable, ec));
    if (!ec)
      co_return;
  }
  throw boost::system::system_error{ec};
}

} // namespace

asio::awaitable<client_stream> connect(node_url where, redis::trust_ptr trust,
                                       std::chrono::milliseconds limit) {
  plain_stream socket{co_await asio::this_coro::executor};
  socket.expires_after(limit);
  co_await connect_socket(socket, where);
  if (!where.tls)
    co_return client_stream{std::move(socket)};
  tls_stream result{std::move(socket), *trust};
  redis::expect_host(result.native_handle(), where.host);
  boost::system::error_code ec;
  co_await result.async_handshake(asio::ssl::stream_base::client,
                                  asio::redirect_error(use_awaitable, ec));
  if (ec)
    throw std::runtime_error{redis::failure_of(result.native_handle(), ec)};
  co_return client_stream{std::move(result)};
}

} // namespace waybill::app
