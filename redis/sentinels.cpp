#include "redis/sentinels.hpp"

#include <utility>

namespace waybill::redis {

namespace {

/// Interval between questions, and timeout of each.
constexpr auto interval = std::chrono::seconds{1};

} // namespace

sentinels::sentinels(boost::asio::io_context& context, server_url url,
                     listener& owner)
    : context_(context), url_(std::move(url)), owner_(&owner), tick_(context) {
  // nop
}

void sentinels::ask() {
  tick_.expires_after(interval);
  tick_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
    auto self = weak.lock();
    if (ec || !self || !self->owner_)
      return;
    if (self->asked_)
      self->try_next("no answer in time");
    self->ask();
  });
  if (socket_)
    return query();
  failed_ = 0;
  open();
}

void sentinels::distrust() {
  drop();
}

void sentinels::stop() {
  owner_ = nullptr;
  tick_.cancel();
  if (socket_)
    socket_->close();
}

void sentinels::open() {
  socket_ = std::make_shared<connection>(context_, *this);
  socket_->open(url_.sentinels[current_]);
}

void sentinels::query() {
  if (!open_ || asked_)
    return;
  asked_ = true;
  socket_->send({"SENTINEL", "get-master-addr-by-name", url_.master},
                [this](const caf::expected<reply>& reply) {
                  // An error means that the connection was closed.
                  if (reply)
                    on_answer(*reply);
                });
}

void sentinels::on_answer(const reply& reply) {
  asked_ = false;
  if (reply.items.size() != 2)
    return try_next(reply.type == reply::kind::error
                      ? reply.text
                      : "no master is called " + url_.master);
  failed_ = 0;
  auto master = url_;
  master.sentinels.clear();
  master.host = reply.items[0].text;
  master.port = reply.items[1].text;
  master.role = "master";
  owner_->on_master(master);
}

void sentinels::try_next(const std::string& reason) {
  auto& asked = url_.sentinels[current_];
  drop();
  if (++failed_ < url_.sentinels.size())
    open();
  else
    owner_->on_no_master("no Sentinel names the master; " + asked.host + ':'
                         + asked.port + ": " + reason);
}

void sentinels::drop() {
  if (auto socket = std::exchange(socket_, nullptr))
    socket->close();
  open_ = asked_ = false;
  current_ = (current_ + 1) % url_.sentinels.size();
}

void sentinels::on_open() {
  open_ = true;
  query();
}

void sentinels::on_reply(reply_handler then, caf::expected<reply> reply) {
  then(std::move(reply));
}

void sentinels::on_push(reply) {
  try_next("an unexpected reply");
}

void sentinels::on_lost(const std::string& reason) {
  try_next(reason);
}

} // namespace waybill::redis
