#include "redis/connection.hpp"

#include <sys/ioctl.h>

#include <utility>
#include <vector>

#include <boost/asio/connect.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

namespace waybill::redis {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto open_timeout = std::chrono::seconds{2};

/// Maximum number of bytes to handle before yielding to other handlers.
constexpr size_t most_at_once = 4 << 20;

} // namespace

connection::connection(asio::io_context& context, listener& owner)
    : owner_(&owner), socket_(context), resolver_(context), deadline_(context) {
  // nop
}

// -- connecting ---------------------------------------------------------------

void connection::open(const server_url& url, bool wants_id) {
  url_ = url;
  login_ = {url, wants_id};
  deadline_.expires_after(open_timeout);
  deadline_.async_wait([weak = weak_from_this()](error_code ec) {
    auto self = weak.lock();
    if (!self || ec)
      return;
    auto& tls = self->tls_;
    self->lose(tls && !SSL_is_init_finished(tls->native_handle())
                 ? "no TLS: the handshake took too long"
                 : "no answer in time");
  });
  if (!url_.path.empty())
    return connect({asio::local::stream_protocol::endpoint{url_.path}});
  resolver_.async_resolve(
    url_.host, url_.port,
    [self = shared_from_this()](error_code ec, auto found) {
      if (ec)
        return self->lose(ec.message());
      std::vector<protocol::endpoint> endpoints;
      for (const auto& endpoint : found)
        endpoints.push_back(endpoint.endpoint());
      self->connect(std::move(endpoints));
    });
}

void connection::connect(std::vector<protocol::endpoint> endpoints) {
  auto list
    = std::make_shared<std::vector<protocol::endpoint>>(std::move(endpoints));
  asio::async_connect(socket_, *list,
                      [self = shared_from_this(),
                       list](error_code ec, const protocol::endpoint&) {
                        if (ec)
                          return self->lose(ec.message());
                        error_code ignored; // A unix socket has no such option.
                        self->socket_.set_option(tcp::no_delay(true), ignored);
                        self->socket_.non_blocking(true, ignored);
                        if (self->url_.tls)
                          return self->shake_hands();
                        self->read();
                        self->log_in();
                      });
}

void connection::shake_hands() {
  tls_.emplace(socket_, *url_.trust);
  auto session = tls_->native_handle();
  if (!expect_host(session, url_.host))
    return lose("no TLS: no certificate can be for such a host");
  tls_->async_handshake(asio::ssl::stream_base::client,
                        [self = shared_from_this(), session](error_code ec) {
                          if (ec)
                            return self->lose(failure_of(session, ec));
                          self->read();
                          self->log_in();
                        });
}

void connection::log_in() {
  for (auto& step : login_.steps())
    send(step, [weak = weak_from_this()](const caf::expected<reply>& reply) {
      if (auto self = weak.lock(); self && reply)
        self->on_login(*reply);
    });
}

void connection::on_login(const reply& reply) {
  switch (login_.on_reply(reply)) {
  case login_sequence::phase::pending:
    return;
  case login_sequence::phase::failed:
    return lose(login_.reason());
  case login_sequence::phase::done:
    open_ = true;
    deadline_.cancel();
    owner_->on_open();
  }
}

// -- commands -----------------------------------------------------------------

void connection::send(const command& command, reply_handler then) {
  waiting_.push_back(std::move(then));
  send(command);
}

void connection::send(const command& command) {
  append(out_, command);
  flush();
}

void connection::send_last(const command& command) {
  // A pending write may have sent part of a command.
  if (!owner_ || !writing_.empty())
    return;
  std::string bytes;
  append(bytes, command);
  error_code ignored;
  on_stream(
    [&](auto& stream) { stream.write_some(asio::buffer(bytes), ignored); });
}

void connection::discard_unacknowledged() {
  // TCP delivers what was sent even after a close, unless that resets it.
  auto unacknowledged = 0;
  error_code ignored;
  if (ioctl(socket_.native_handle(), TIOCOUTQ, &unacknowledged) == 0
      && unacknowledged > 0)
    socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
}

void connection::flush() {
  if (flushing_)
    return;
  flushing_ = true;
  asio::post(socket_.get_executor(),
             [self = shared_from_this()] { self->write(); });
}

void connection::write() {
  if (!socket_.is_open())
    return;
  writing_.clear();
  writing_.swap(out_);
  sent_ = waiting_.size();
  on_stream([this](auto& stream) {
    asio::async_write(stream, asio::buffer(writing_),
                      [self = shared_from_this()](error_code ec, size_t) {
                        if (ec)
                          return self->lose(ec.message());
                        if (!self->out_.empty())
                          return self->write();
                        self->writing_.clear();
                        self->flushing_ = false;
                      });
  });
}

// -- replies ------------------------------------------------------------------

void connection::read() {
  on_stream([this](auto& stream) {
    stream.async_read_some(asio::buffer(in_), [self = shared_from_this()](
                                                error_code ec, size_t size) {
      if (ec)
        return self->lose(ec.message());
      self->on_read(size);
    });
  });
}

void connection::on_read(size_t size) {
  active_ = true;
  error_code ec;
  for (size_t total = 0; handle({in_.data(), size});) {
    total += size;
    if (size < in_.size() && !tls_)
      return read();
    if (total >= most_at_once)
      return read();
    on_stream(
      [&](auto& stream) { size = stream.read_some(asio::buffer(in_), ec); });
    if (ec == asio::error::would_block || ec == asio::error::try_again)
      return read();
    if (ec)
      return lose(ec.message());
  }
}

bool connection::handle(std::string_view bytes) {
  // The owner may close this connection in its handler.
  while (owner_ && waiting_.empty() && reader_.is_idle()) {
    auto message = take_message(bytes);
    if (!message)
      break;
    owner_->on_message(*message);
  }
  reader_.feed(bytes);
  try {
    for (auto reply = reader_.next(); reply && owner_; reply = reader_.next()) {
      if (waiting_.empty()) {
        owner_->on_push(*std::move(reply));
        continue;
      }
      auto then = std::move(waiting_.front());
      waiting_.pop_front();
      --sent_;
      if (open_)
        owner_->on_reply(std::move(then), *std::move(reply));
      else
        then(*std::move(reply));
    }
  } catch (const std::runtime_error& e) {
    lose(e.what());
  }
  return owner_ != nullptr;
}

// -- the end ------------------------------------------------------------------

void connection::lose(const std::string& reason) {
  auto owner = owner_;
  close();
  if (owner)
    owner->on_lost(reason);
}

void connection::close() {
  if (!owner_)
    return;
  auto owner = std::exchange(owner_, nullptr);
  deadline_.cancel();
  resolver_.cancel();
  error_code ignored;
  socket_.close(ignored);
  if (!open_)
    return;
  for (size_t i = 0; i < waiting_.size(); ++i)
    owner->on_reply(std::move(waiting_[i]),
                    caf::error{i < sent_ ? errc::unanswered : errc::bus_away});
  waiting_.clear();
}

} // namespace waybill::redis
