#include "redis/client_link.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <caf/send.hpp>

namespace waybill::redis {

namespace {

constexpr auto first_delay = std::chrono::milliseconds{100};
constexpr auto longest_delay = std::chrono::milliseconds{1000};

/// Lifetime of a link after which the reconnect delay is reset.
constexpr auto good_time = std::chrono::seconds{5};

} // namespace

client_link::client_link(boost::asio::io_context& context, server_url url)
    : context_(context), url_(std::move(url)),
      waits_(context,
             [this](reply_handler handler, caf::expected<reply> reply) {
               emit(answered{std::move(handler), std::move(reply)});
             }),
      retry_(context), delay_(first_delay), random_(std::random_device{}()) {
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
  if (!is_up())
    return;
  channels.insert(channels.begin(), name);
  pubsub_.socket->send(channels);
}

void client_link::send(command command, reply_handler then) {
  if (is_up())
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
  return is_up() ? commands_.socket->unsent_bytes() : 0;
}

void client_link::connect() {
  if (!sentinels_)
    return open();
  asking_ = true;
  sentinels_->ask();
}

void client_link::open() {
  for (auto side : {&commands_, &pubsub_}) {
    side->open = false;
    side->socket = std::make_shared<connection>(context_, *side);
    side->socket->open(url_, side == &pubsub_);
  }
}

void client_link::close() {
  for (auto side : {&commands_, &pubsub_}) {
    if (side->socket)
      side->socket->close();
    side->open = false;
  }
  waits_.close();
}

void client_link::on_master(const server_url& url) {
  auto moved = url.host != url_.host || url.port != url_.port;
  url_ = url;
  if (std::exchange(asking_, false))
    return open();
  if (!moved)
    return;
  delay_ = first_delay;
  lose("the master moved to " + to_string(url_));
}

void client_link::on_no_master(const std::string& reason) {
  // A working link does not need the Sentinels.
  if (std::exchange(asking_, false))
    lose(reason);
}

void client_link::reset(std::string reason) {
  if (is_up())
    lose(std::move(reason));
}

void client_link::abandon(std::string reason) {
  if (is_up())
    commands_.socket->discard_unacknowledged();
  reset(std::move(reason));
}

void client_link::lose(std::string reason) {
  if (is_up() && std::chrono::steady_clock::now() - up_since_ > good_time)
    delay_ = first_delay;
  if (commands_.open && !farewell_.empty())
    commands_.socket->send_last(farewell_);
  close();
  emit(link_down{std::move(reason)});
  auto part = std::uniform_real_distribution{0.5, 1.0}(random_);
  retry_.expires_after(
    std::chrono::duration_cast<std::chrono::milliseconds>(delay_ * part));
  retry_.async_wait([self = shared_from_this()](boost::system::error_code ec) {
    if (!ec && self->owner_)
      self->connect();
  });
  delay_ = std::min(2 * delay_, longest_delay);
}

void client_link::stop() {
  // No event reaches the bridge from here on.
  owner_ = nullptr;
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
  open = true;
  if (!parent.is_up())
    return;
  parent.up_since_ = std::chrono::steady_clock::now();
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
  if (parent.sentinels_ && !parent.is_up())
    parent.sentinels_->distrust();
  parent.lose(reason);
}

} // namespace waybill::redis
