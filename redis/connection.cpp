#include "redis/connection.hpp"

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

} // namespace

connection::connection(asio::io_context& context, listener& owner)
    : owner_(&owner), socket_(context), resolver_(context), deadline_(context) {
  // nop
}

// -- connecting ---------------------------------------------------------------

void connection::open(const server_url& where) {
  url_ = where;
  deadline_.expires_after(open_timeout);
  deadline_.async_wait([weak = weak_from_this()](error_code ec) {
    if (auto self = weak.lock(); self && !ec)
      self->lose("no answer in time");
  });
  if (!url_.path.empty())
    return connect({asio::local::stream_protocol::endpoint{url_.path}});
  resolver_.async_resolve(
    url_.host, url_.port,
    [self = shared_from_this()](error_code ec, auto found) {
      if (ec)
        return self->lose(ec.message());
      std::vector<protocol::endpoint> endpoints;
      for (const auto& each : found)
        endpoints.push_back(each.endpoint());
      self->connect(std::move(endpoints));
    });
}

void connection::connect(std::vector<protocol::endpoint> endpoints) {
  auto list
    = std::make_shared<std::vector<protocol::endpoint>>(std::move(endpoints));
  asio::async_connect(
    socket_, *list,
    [self = shared_from_this(), list](error_code ec,
                                      const protocol::endpoint&) {
      if (ec)
        return self->lose(ec.message());
      error_code ignored; // A unix socket has no such option, and needs none.
      self->socket_.set_option(tcp::no_delay(true), ignored);
      self->read();
      self->log_in();
    });
}

void connection::log_in() {
  auto check = [weak = weak_from_this()](caf::expected<reply> what) {
    auto self = weak.lock();
    if (self && what && what->type == reply::kind::error)
      self->lose(what->text);
  };
  if (!url_.password.empty()) {
    command auth{"AUTH", url_.password};
    if (!url_.user.empty())
      auth.insert(auth.begin() + 1, url_.user);
    send(auth, check);
  }
  // SELECT is sent for database 0, too: its reply tells whether Redis will
  // take commands at all, which it does not while it loads, or without AUTH.
  send({"SELECT", url_.db},
       [check, weak = weak_from_this()](caf::expected<reply> what) {
         check(what);
         if (auto self = weak.lock();
             self && what && what->type != reply::kind::error)
           self->opened();
       });
}

void connection::opened() {
  open_ = true;
  deadline_.cancel();
  owner_->on_open();
}

// -- commands -----------------------------------------------------------------

void connection::send(const command& what, reply_handler then) {
  waiting_.push_back(std::move(then));
  send(what);
}

void connection::send(const command& what) {
  append(out_, what);
  flush();
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
  asio::async_write(socket_, asio::buffer(writing_),
                    [self = shared_from_this()](error_code ec, size_t) {
                      if (ec)
                        return self->lose(ec.message());
                      if (!self->out_.empty())
                        return self->write();
                      self->writing_.clear();
                      self->flushing_ = false;
                    });
}

// -- replies ------------------------------------------------------------------

void connection::read() {
  socket_.async_read_some(
    asio::buffer(in_), [self = shared_from_this()](error_code ec, size_t size) {
      if (ec)
        return self->lose(ec.message());
      self->on_read(size);
    });
}

void connection::on_read(size_t size) {
  reader_.feed({in_.data(), size});
  try {
    // An owner that gets a reply may close this connection.
    for (auto what = reader_.next(); what && owner_; what = reader_.next()) {
      if (waiting_.empty()) {
        owner_->on_push(*std::move(what));
        continue;
      }
      auto then = std::move(waiting_.front());
      waiting_.pop_front();
      --sent_;
      if (open_)
        owner_->on_reply(std::move(then), *std::move(what));
      else
        then(*std::move(what));
    }
  } catch (const std::runtime_error& e) {
    return lose(e.what());
  }
  if (owner_)
    read();
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
