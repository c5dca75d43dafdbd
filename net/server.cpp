#include "net/server.hpp"

#include <algorithm>
#include <functional>
#include <optional>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include "net/stream.hpp"

namespace waybill::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Accepts on one address.
class server::listener : public std::enable_shared_from_this<listener> {
public:
  using acceptor
    = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

  listener(server& parent, const tcp::endpoint& endpoint)
      : parent_(parent), acceptor_(parent.workers_[0].loop.context()),
        pause_(parent.workers_[0].loop.context()) {
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(endpoint);
    acceptor_.listen(4096);
  }

  tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

  void accept() {
    auto& [loop, context] = parent_.workers_[next_++ % parent_.workers_.size()];
    acceptor_.async_accept(
      loop.context().get_executor(),
      [self = shared_from_this(), &loop = loop,
       &context = context](error_code ec, auto socket) {
        if (ec)
          return self->on_error(ec);
        self->delay_ = first_delay;
        self->accept();
        error_code ignored;
        if (!self->parent_.admits(socket)) {
          // Who is reset leaves nothing behind, not even a TIME_WAIT.
          socket.set_option(asio::socket_base::linger(true, 0), ignored);
          return;
        }
        socket.set_option(tcp::no_delay(true), ignored);
        asio::dispatch(loop.context(),
                       [&context, socket = std::move(socket)]() mutable {
                         serve(socket_type{std::move(socket)}, context);
                       });
      });
  }

  void close() {
    pause_.cancel();
    acceptor_.close();
  }

private:
  static constexpr auto first_delay = std::chrono::milliseconds{10};
  static constexpr auto longest_delay = std::chrono::milliseconds{1000};

  /// Tries again, after a while that grows: with no descriptor left, the next
  /// try would fail at once, and so would the million after it.
  void on_error(error_code ec) {
    if (ec == asio::error::operation_aborted || !acceptor_.is_open())
      return;
    if (ec == asio::error::connection_aborted)
      return accept();
    auto now = std::chrono::steady_clock::now();
    if (now - last_complaint_ >= std::chrono::seconds{1}) {
      last_complaint_ = now;
      parent_.on_error_(ec.message());
    }
    pause_.expires_after(delay_);
    delay_ = std::min(2 * delay_, longest_delay);
    pause_.async_wait([self = shared_from_this()](error_code ec) {
      if (!ec && self->acceptor_.is_open())
        self->accept();
    });
  }

  server& parent_;
  acceptor acceptor_;
  timer_type pause_;
  std::chrono::milliseconds delay_ = first_delay;
  std::chrono::steady_clock::time_point last_complaint_;
  size_t next_ = 0;
};

server::server(std::vector<worker> workers,
               std::function<void(const std::string&)> on_error)
    : workers_(std::move(workers)), on_error_(std::move(on_error)) {
  auto limit = workers_[0].context.config.max_connection_rate;
  if (limit > 0)
    peers_.emplace(
      rate{static_cast<double>(limit), static_cast<double>(limit)});
}

template <class Socket>
bool server::admits(const Socket& socket) {
  auto now = std::chrono::steady_clock::now();
  if (!peers_ || peers_->take(counted_peer(socket), now).count() == 0)
    return true;
  workers_[0].context.api.actors.count("over_max_connection_rate");
  return false;
}

std::string server::listen(const listen_address& where) {
  asio::io_context& context = workers_[0].loop.context();
  auto flags = tcp::resolver::passive | tcp::resolver::numeric_service;
  auto found = tcp::resolver{context}.resolve(where.host, where.port, flags);
  auto added = std::make_shared<listener>(*this, found.begin()->endpoint());
  listeners_.push_back(added);
  auto endpoint = added->endpoint();
  auto host = endpoint.address().to_string();
  if (endpoint.address().is_v6())
    host = '[' + host + ']';
  return host + ':' + std::to_string(endpoint.port());
}

void server::start() {
  for (auto& each : listeners_)
    each->accept();
}

void server::stop_listening() {
  asio::post(workers_[0].loop.context(), [this] {
    for (auto& each : listeners_)
      each->close();
  });
}

void server::finish(std::function<void()> then) {
  // The last copy of this calls `then`: each loop holds one until it is idle.
  auto last = std::shared_ptr<void>{nullptr, [then](void*) { then(); }};
  for (auto& [loop, context] : workers_)
    asio::post(loop.context(), [last, &context = context]() mutable {
      if (context.requests > 0)
        context.on_idle
          = [last = std::move(last)]() mutable { last = nullptr; };
    });
}

} // namespace waybill::net
