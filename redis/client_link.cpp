#include "redis/client_link.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <caf/send.hpp>

#include "redis/redirection.hpp"

namespace waybill::redis {

client_link::client_link(boost::asio::io_context& context, server_url url,
                         pubsub_kind pubsub)
    : context_(context), url_(std::move(url)), kind_(pubsub),
      state_(!url_.sentinels.empty()),
      waits_(context,
             [this](reply_handler handler, caf::expected<reply> reply) {
               emit(answered{std::move(handler), std::move(reply)});
             }),
      retry_(context), random_(std::random_device{}()) {
  // nop
}

void client_link::start(link_owner_actor owner) {
  owner_ = std::move(owner);
  if (!url_.sentinels.empty())
    sentinels_ = std::make_shared<sentinels>(context_, url_, *this);
  connect();
}

void client_link::subscribe(std::vector<std::string> channels) {
  if (kind_ == pubsub_kind::classic)
    return send_pubsub("SUBSCRIBE", std::move(channels));
  // One command with channels of several slots would fail as a whole.
  for (auto& channel : channels)
    send_ordered("SSUBSCRIBE", subscription_order::command::subscribe,
                 std::move(channel));
}

void client_link::unsubscribe(std::vector<std::string> channels) {
  if (kind_ == pubsub_kind::classic)
    return send_pubsub("UNSUBSCRIBE", std::move(channels));
  for (auto& channel : channels)
    send_ordered("SUNSUBSCRIBE", subscription_order::command::unsubscribe,
                 std::move(channel));
}

void client_link::subscribe_open(std::string channel) {
  if (kind_ == pubsub_kind::classic)
    return send_pubsub("SUBSCRIBE", {std::move(channel)});
  send_ordered("SUBSCRIBE", subscription_order::command::subscribe,
               std::move(channel));
}

void client_link::unsubscribe_open(std::string channel) {
  if (kind_ == pubsub_kind::classic)
    return send_pubsub("UNSUBSCRIBE", {std::move(channel)});
  send_ordered("UNSUBSCRIBE", subscription_order::command::unsubscribe,
               std::move(channel));
}

void client_link::send_pubsub(const char* name,
                              std::vector<std::string> channels) {
  if (!state_.is_up())
    return;
  channels.insert(channels.begin(), name);
  pubsub_.socket->send(channels);
}

void client_link::send_ordered(const char* name,
                               subscription_order::command type,
                               std::string channel) {
  if (!state_.is_up())
    return;
  pubsub_.socket->send({name, channel});
  order_.on_sent(type, std::move(channel));
  if (type != subscription_order::command::unsubscribe)
    return;
  pubsub_.socket->send({"PING"});
  order_.on_sent(subscription_order::command::fence);
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

bool client_link::take_activity() {
  return state_.is_up() && pubsub_.socket->take_activity();
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
  order_.reset();
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

void client_link::link_connection::on_message(const channel_message& message) {
  parent.emit(
    redis::message{std::string{message.channel}, std::string{message.text}});
}

void client_link::link_connection::on_push(reply reply) {
  parent.on_pubsub_reply(reply);
}

void client_link::link_connection::on_lost(const std::string& reason) {
  if (parent.state_.doubts_sentinel())
    parent.sentinels_->distrust();
  parent.lose(reason);
}

void client_link::on_pubsub_reply(reply& reply) {
  auto is_ordered = kind_ == pubsub_kind::sharded;
  auto& items = reply.items;
  if (reply.type == reply::kind::error) {
    if (!is_ordered)
      return lose(reply.text);
    return on_ordered(order_.on_error(), std::move(reply.text));
  }
  // The form of the reply to PING depends on whether channels are left.
  if (is_ordered
      && (reply.text == "PONG"
          || (items.size() == 2 && items[0].text == "pong")))
    return on_ordered(order_.on_pong());
  if (items.size() != 3)
    return lose("an unexpected reply");
  auto& name = items[0].text;
  auto& channel = items[1].text;
  if (name == "smessage" || name == "message")
    emit(message{std::move(channel), std::move(items[2].text)});
  else if (is_ordered && (name == "ssubscribe" || name == "subscribe"))
    on_ordered(order_.on_subscribed(channel));
  else if (is_ordered && (name == "sunsubscribe" || name == "unsubscribe"))
    on_ordered(order_.on_unsubscribed(channel));
  else if (name == "subscribe")
    emit(subscribed{std::move(channel)});
  else if (name == "unsubscribe")
    emit(unsubscribed{std::move(channel)});
}

void client_link::on_ordered(subscription_order::result result,
                             std::string error) {
  using meaning = subscription_order::meaning;
  switch (result.type) {
  case meaning::none:
    return;
  case meaning::subscribed:
    return emit(subscribed{std::move(result.channel)});
  case meaning::unsubscribed:
    return emit(unsubscribed{std::move(result.channel)});
  case meaning::rejected:
    // Any other error, such as NOPERM, would be the same at each server.
    if (!redirection::parse(error, {}))
      return lose(std::move(error));
    return emit(revoked{std::move(result.channel), true, std::move(error)});
  case meaning::revoked:
    return emit(revoked{std::move(result.channel)});
  case meaning::broken:
    return lose(error.empty() ? "an unexpected reply" : std::move(error));
  }
}

} // namespace waybill::redis
