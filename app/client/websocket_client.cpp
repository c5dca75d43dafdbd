#include "app/client/websocket_client.hpp"

#include <cmath>
#include <cstdlib>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <nlohmann/json.hpp>

namespace waybill::app {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace ws = beast::websocket;
using asio::use_awaitable;
using boost::system::error_code;
using nlohmann::json;
using std::chrono::milliseconds;

namespace {

class beast_client final : public websocket_client {
public:
  beast_client(client_stream stream, const node_access& access)
      : stream_(std::move(stream)), url_(access.url) {
    // The WebSocket has its own timeouts.
    stream_.next_layer().expires_never();
    stream_.set_option(
      ws::stream_base::timeout::suggested(beast::role_type::client));
    stream_.set_option(ws::stream_base::decorator{
      [access](ws::request_type& head) { set_secret(head, access); }});
    stream_.read_message_max(0);
  }

  /// @returns the response if the node declines the upgrade.
  asio::awaitable<std::optional<text_response>>
  handshake(const std::string& target) {
    text_response response;
    error_code ec;
    co_await stream_.async_handshake(response, url_.authority(), target,
                                     asio::redirect_error(use_awaitable, ec));
    if (ec == ws::error::upgrade_declined)
      co_return response;
    if (ec)
      throw failed("no WebSocket at", url_, ec);
    co_return std::nullopt;
  }

  asio::awaitable<std::variant<message, close_frame>> read() override {
    error_code ec;
    buffer_.clear();
    co_await stream_.async_read(buffer_,
                                asio::redirect_error(use_awaitable, ec));
    if (ec == ws::error::closed)
      co_return close_frame{stream_.reason().code,
                            std::string{stream_.reason().reason.c_str()}};
    if (ec)
      throw failed("lost the connection to", url_, ec);
    co_return message{beast::buffers_to_string(buffer_.data()),
                      stream_.got_text()};
  }

  asio::awaitable<void> close() override {
    error_code ignored;
    co_await stream_.async_close(ws::close_code::normal,
                                 asio::redirect_error(use_awaitable, ignored));
  }

private:
  ws::stream<client_stream> stream_;
  const node_url url_;
  beast::flat_buffer buffer_;
};

} // namespace

asio::awaitable<std::variant<std::shared_ptr<websocket_client>, text_response>>
open_websocket(const node_access& access, const std::string& target) {
  auto client = std::make_shared<beast_client>(
    co_await connect(access, patience), access);
  if (auto declined = co_await client->handshake(target))
    co_return *std::move(declined);
  co_return client;
}

std::optional<milliseconds> upgrade_retry(const text_response& declined) {
  auto body = json::parse(declined.body(), nullptr, false);
  if (!body.is_object() || body.value("error", json{}) != "too_many_upgrades"
      || !body.value("retry", json{}).is_number())
    return std::nullopt;
  return milliseconds{std::lround(1000 * body["retry"].get<double>())};
}

std::optional<milliseconds>
close_retry(const websocket_client::close_frame& frame) {
  constexpr std::string_view key = "retry=";
  auto found = frame.reason.rfind(key);
  if (found == std::string::npos)
    return std::nullopt;
  auto seconds
    = std::strtod(frame.reason.c_str() + found + key.size(), nullptr);
  return milliseconds{std::lround(1000 * seconds)};
}

} // namespace waybill::app
