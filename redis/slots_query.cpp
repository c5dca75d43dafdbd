#include "redis/slots_query.hpp"

#include <algorithm>
#include <utility>

namespace waybill::redis {

namespace {

/// Time within which a server must reply.
constexpr auto answer_timeout = std::chrono::seconds{1};

reply error_reply(std::string text) {
  return {reply::kind::error, 0, std::move(text)};
}

} // namespace

slots_query::slots_query(boost::asio::io_context& context, server_url login,
                         handler on_reply)
    : context_(context), login_(std::move(login)),
      handler_(std::move(on_reply)), deadline_(context) {
  // nop
}

void slots_query::ask(std::vector<endpoint> servers) {
  if (!handler_ || socket_ || servers.empty())
    return;
  servers_ = std::move(servers);
  std::reverse(servers_.begin(), servers_.end());
  connect();
}

void slots_query::stop() {
  handler_ = nullptr;
  disconnect();
}

void slots_query::connect() {
  current_ = std::move(servers_.back());
  servers_.pop_back();
  deadline_.expires_after(answer_timeout);
  deadline_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
    auto self = weak.lock();
    // The handler may have been queued when the next server's time began.
    if (!ec && self && self->socket_
        && self->deadline_.expiry() <= std::chrono::steady_clock::now())
      self->finish(error_reply("no answer in time"));
  });
  auto url = login_;
  url.host = current_.host;
  url.port = current_.port;
  socket_ = std::make_shared<connection>(context_, *this);
  socket_->open(url);
}

void slots_query::disconnect() {
  deadline_.cancel();
  if (auto socket = std::exchange(socket_, nullptr))
    socket->close();
}

void slots_query::finish(reply reply) {
  disconnect();
  if (reply.type == reply::kind::error && !servers_.empty())
    return connect();
  if (handler_)
    handler_(current_, std::move(reply));
}

void slots_query::on_open() {
  socket_->send({"CLUSTER", "SLOTS"}, [this](caf::expected<reply> x) {
    // An error means that the connection was closed.
    if (x)
      finish(*std::move(x));
  });
}

void slots_query::on_reply(reply_handler then, caf::expected<reply> reply) {
  then(std::move(reply));
}

void slots_query::on_push(reply) {
  finish(error_reply("an unexpected reply"));
}

void slots_query::on_lost(const std::string& reason) {
  finish(error_reply(reason));
}

} // namespace waybill::redis
