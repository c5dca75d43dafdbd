#include "redis/replica_wait.hpp"

#include <string>
#include <utility>

namespace waybill::redis {

namespace {

/// Timeout of WAIT in milliseconds.
constexpr auto wait_timeout = "300";

} // namespace

replica_wait::replica_wait(boost::asio::io_context& context, deliverer deliver)
    : context_(context), deliver_(std::move(deliver)) {
  // nop
}

void replica_wait::ask(const server_url& server, size_t replicas,
                       reply_handler handler) {
  replicas_ = replicas;
  next_.push_back(std::move(handler));
  if (!socket_) {
    socket_ = std::make_shared<connection>(context_, *this);
    socket_->open(server);
  }
  send_next();
}

void replica_wait::send_next() {
  if (!open_ || !asked_.empty() || next_.empty())
    return;
  asked_.swap(next_);
  // WAIT covers the writes up to the last command of its own connection, so a
  // command must precede it.
  socket_->send({"TIME"}, [](const caf::expected<reply>&) {});
  socket_->send({"WAIT", std::to_string(replicas_), wait_timeout},
                [this](const caf::expected<reply>& reply) {
                  for (auto& handler : std::exchange(asked_, {}))
                    deliver_(std::move(handler), reply);
                });
}

void replica_wait::close() {
  if (!socket_)
    return;
  open_ = false;
  std::exchange(socket_, nullptr)->close();
  for (auto& handler : std::exchange(next_, {}))
    deliver_(std::move(handler), caf::error{errc::unanswered});
}

void replica_wait::on_open() {
  open_ = true;
  send_next();
}

void replica_wait::on_reply(reply_handler handler, caf::expected<reply> reply) {
  handler(std::move(reply));
  send_next();
}

void replica_wait::on_push(reply) {
  close();
}

void replica_wait::on_lost(const std::string&) {
  close();
}

} // namespace waybill::redis
