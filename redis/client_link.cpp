#include "redis/client_link.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <caf/send.hpp>

namespace waybill::redis {

client_link::client_link(boost::asio::io_context& context, server_url url)
    : context_(context), url_(std::move(url)), state_(!url_.sentinels.empty()),
      waits_(context,
             [this](reply_handler handler, caf::expected<reply> reply) {
               emit(answered{std::move(handler), std::move(reply)});
             }),
      retry_(context), random_(std::random_device{}()) {
  // nop
}

void client_link::start(bridge_actor owner) {
  owner_ = std::move(owner);
  if (!url_.sentinels.empty())
    sentinels_ = std::make_shared<sentinels>(context_, url_, *this);
  connect();
}

void client_link::subscribe(std::vector<std::string> channels) {
  send_pubsub("SUBSCRIBE", std::move(channels));
}

void client_link::unsubscribe(std::vector<std::string> channels) {
  send_pubsub("UNSUBSCRIBE", std::move(channels));
}

void client_link::send_pubsub(const char* name,
                              std::vector<std::string> channels) {
  if (!state_.is_up())
    return;
  channels.insert(channels.begin(), name);
  pubsub_.socket->send(channels);
}

void client_link::send(const command& command, reply_handler then) {
  if (state_.is_up())
    commands_.socket->send(command, std::move(then));
  else
    emit(answered{std::move(then), caf::error{errc::bus_away}});
}

void client_link::await_replicas(size_t replicas, reply_handler handler) {
  waits_.ask(url_, replicas, std::move(handler));
}

void client_link::set_farewell(command last) {
  farewell_ = std::move(last);
}

size_t client_link::unsent_bytes() const {
  return state_.is_up() ? commands_.socket->unsent_bytes() : 0;
}

void client_link::connect() {
  auto next = state_.on_due();
  if (next == link_state::command::resolve)
    sentinels_->ask();
  else if (next == link_state::command::open)
    open();
}

void client_link::open() {
  for (auto end : {&commands_, &pubsub_}) {
    end->socket = std::make_shared<connection>(context_, *end);
    end->socket->open(url_, end == &pubsub_);
  }
}

void client_link::close() {
  for (auto end : {&commands_, &pubsub_})
    if (end->socket)
      end->socket->close();
  waits_.close();
}

void client_link::on_master(const server_url& url) {
  auto moved = url.host != url_.host || url.port != url_.port;
  url_ = url;
  auto next = state_.on_master(moved);
  if (next == link_state::command::open)
    open();
  else if (next == link_state::command::lose)
    lose("the master moved to " + to_string(url_));
}

void client_link::on_no_master(const std::string& reason) {
  if (state_.on_no_master() == link_state::command::lose)
    lose(reason);
}

void client_link::reset(std::string reason) {
  if (state_.is_up())
    lose(std::move(reason));
}

void client_link::abandon(std::string reason) {
  if (state_.is_up())
    commands_.socket->discard_unacknowledged();
  reset(std::move(reason));
}

void client_link::lose(std::string reason) {
  auto part = std::uniform_real_distribution{0.5, 1.0}(random_);
  auto next = state_.on_lost(std::chrono::steady_clock::now(), part);
  if (next.says_farewell && !farewell_.empty())
    commands_.socket->send_last(farewell_);
  close();
  emit(link_down{std::move(reason)});
  retry_.expires_after(next.delay);
  retry_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
    if (!ec && self->owner_)
      self->connect();
  });
}

void client_link::stop() {
  // No event reaches the bridge from here on.
  owner_ = nullptr;
  state_.on_stopped();
  retry_.cancel();
  if (sentinels_)
    sentinels_->stop();
  close();
}

void client_link::emit(event event) {
  if (!owner_)
    return;
  batch_.all.push_back(std::move(event));
  if (batch_.all.size() == 1)
    boost::asio::post(context_, [self = shared_from_this()] {
      auto batch = std::exchange(self->batch_, {});
      if (self->owner_)
        caf::anon_send(self->owner_, std::move(batch));
    });
}

void client_link::link_connection::on_open() {
  auto next = parent.state_.on_open(side, std::chrono::steady_clock::now());
  if (next == link_state::command::announce)
    parent.emit(link_up{parent.pubsub_.socket->id()});
}

void client_link::link_connection::on_reply(reply_handler then,
                                            caf::expected<reply> reply) {
  parent.emit(answered{std::move(then), std::move(reply)});
}

void client_link::link_connection::on_push(reply reply) {
  if (reply.type == reply::kind::error)
    return parent.lose(reply.text);
  if (reply.type != reply::kind::list || reply.items.size() != 3)
    return parent.lose("an unexpected reply");
  auto& kind = reply.items[0].text;
  auto& channel = reply.items[1].text;
  if (kind == "message")
    parent.emit(message{std::move(channel), std::move(reply.items[2].text)});
  else if (kind == "subscribe")
    parent.emit(subscribed{std::move(channel)});
  else if (kind == "unsubscribe")
    parent.emit(unsubscribed{std::move(channel)});
}

void client_link::link_connection::on_lost(const std::string& reason) {
  if (parent.state_.doubts_sentinel())
    parent.sentinels_->distrust();
  parent.lose(reason);
}

} // namespace waybill::redis
