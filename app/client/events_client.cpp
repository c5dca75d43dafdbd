#include "app/client/events_client.hpp"

#include <array>
#include <deque>
#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>

namespace waybill::app {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::use_awaitable;
using boost::system::error_code;

namespace {

/// The time after which a silent stream counts as lost. A node writes a comment
/// at half of its --idle-timeout.
constexpr auto longest_silence = std::chrono::minutes{5};

class beast_events_client final : public events_client {
public:
  using head_parser = http::response_parser<http::empty_body>;

  beast_events_client(client_stream stream, const node_access& access,
                      const std::string& last_id)
      : stream_(std::move(stream)), url_(access.url), parser_(last_id) {
    // nop
  }

  /// @returns the response if its status is not 200.
  asio::awaitable<std::optional<text_response>>
  exchange_heads(const text_request& request) {
    stream_.expires_after(patience);
    head_parser head;
    try {
      co_await http::async_write(stream_, request, use_awaitable);
      co_await http::async_read_header(stream_, buffer_, head, use_awaitable);
      if (head.get().result() != http::status::ok) {
        http::response_parser<http::string_body> response{std::move(head)};
        co_await http::async_read(stream_, buffer_, response, use_awaitable);
        co_return response.release();
      }
    } catch (const boost::system::system_error& e) {
      throw failed("no event stream at", url_, e.code());
    }
    if (head.get()[http::field::content_type] != "text/event-stream")
      throw std::runtime_error{"no event stream at " + url_.name()};
    body_.emplace(std::move(head));
    body_->body_limit(boost::none);
    co_return std::nullopt;
  }

  asio::awaitable<std::optional<event_parser::event>> read() override {
    while (events_.empty() && !body_->is_done()) {
      std::array<char, 16 * 1024> part;
      auto& body = body_->get().body();
      body.data = part.data();
      body.size = part.size();
      stream_.expires_after(longest_silence);
      error_code ec;
      co_await http::async_read_some(stream_, buffer_, *body_,
                                     asio::redirect_error(use_awaitable, ec));
      if (ec && ec != http::error::need_buffer)
        throw failed("lost the connection to", url_, ec);
      for (auto& event : parser_.feed({part.data(), part.size() - body.size}))
        events_.push_back(std::move(event));
    }
    if (events_.empty())
      co_return std::nullopt;
    auto result = std::move(events_.front());
    events_.pop_front();
    co_return result;
  }

  const event_parser& parser() const override { return parser_; }

private:
  client_stream stream_;
  const node_url url_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::response_parser<http::buffer_body>> body_;
  event_parser parser_;
  std::deque<event_parser::event> events_;
};

} // namespace

asio::awaitable<std::variant<std::shared_ptr<events_client>, text_response>>
open_events(const node_access& access, const std::string& target,
            const std::string& last_id) {
  auto client = std::make_shared<beast_events_client>(
    co_await connect(access, patience), access, last_id);
  auto request = make_request(access, http::verb::get, target);
  request.set(http::field::accept, "text/event-stream");
  if (!last_id.empty())
    request.set("Last-Event-ID", last_id);
  if (auto response = co_await client->exchange_heads(request))
    co_return *std::move(response);
  co_return client;
}

} // namespace waybill::app
