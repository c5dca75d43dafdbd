#include "redis/sentinels.hpp"

#include <utility>

namespace waybill::redis {

namespace {

/// Interval between questions, and timeout of each.
constexpr auto interval = std::chrono::seconds{1};

} // namespace

sentinels::sentinels(boost::asio::io_context& context, server_url url,
                     listener& owner)
    : context_(context), url_(std::move(url)), owner_(&owner),
      choice_(url_.sentinels.size()), tick_(context) {
  // nop
}

void sentinels::ask() {
  tick_.expires_after(interval);
  tick_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
    auto self = weak.lock();
    if (ec || !self || !self->owner_)
      return;
    if (self->choice_.is_asked())
      self->fail("no answer in time");
    self->ask();
  });
  auto next = choice_.on_ask();
  if (next == sentinel_choice::command::connect)
    connect();
  else if (next == sentinel_choice::command::ask)
    query();
}

void sentinels::distrust() {
  choice_.on_distrust();
  disconnect();
}

void sentinels::stop() {
  owner_ = nullptr;
  tick_.cancel();
  if (socket_)
    socket_->close();
}

void sentinels::connect() {
  socket_ = std::make_shared<connection>(context_, *this);
  socket_->open(url_.sentinels[choice_.current()]);
}

void sentinels::disconnect() {
  if (auto socket = std::exchange(socket_, nullptr))
    socket->close();
}

void sentinels::query() {
  socket_->send({"SENTINEL", "get-master-addr-by-name", url_.master},
                [this](const caf::expected<reply>& reply) {
                  // An error means that the connection was closed.
                  if (reply)
                    on_answer(*reply);
                });
}

void sentinels::on_answer(const reply& reply) {
  if (reply.items.size() != 2)
    return fail(reply.type == reply::kind::error
                  ? reply.text
                  : "no master is called " + url_.master);
  choice_.on_master();
  auto master = url_;
  master.sentinels.clear();
  master.host = reply.items[0].text;
  master.port = reply.items[1].text;
  master.role = "master";
  owner_->on_master(master);
}

void sentinels::fail(const std::string& reason) {
  auto& failed = url_.sentinels[choice_.current()];
  auto next = choice_.on_failure();
  disconnect();
  if (next == sentinel_choice::command::connect)
    connect();
  else
    owner_->on_no_master("no Sentinel names the master; " + failed.host + ':'
                         + failed.port + ": " + reason);
}

void sentinels::on_open() {
  if (choice_.on_open() == sentinel_choice::command::ask)
    query();
}

void sentinels::on_reply(reply_handler then, caf::expected<reply> reply) {
  then(std::move(reply));
}

void sentinels::on_push(reply) {
  fail("an unexpected reply");
}

void sentinels::on_lost(const std::string& reason) {
  fail(reason);
}

} // namespace waybill::redis
