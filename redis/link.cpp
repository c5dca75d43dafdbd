#include "redis/link.hpp"

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

/// A link that lasted this long was a good one: the next try is soon.
constexpr auto good_time = std::chrono::seconds{5};

} // namespace

link::link(boost::asio::io_context& context, server_url where)
    : context_(context), where_(std::move(where)),
      waits_(context,
             [this](reply_handler handler, caf::expected<reply> what) {
               emit(answered{std::move(handler), std::move(what)});
             }),
      retry_(context), delay_(first_delay), random_(std::random_device{}()) {
  // nop
}

void link::start(bridge_actor owner) {
  owner_ = std::move(owner);
  if (!where_.sentinels.empty())
    sentinels_ = std::make_shared<sentinels>(context_, where_, *this);
  connect();
}

void link::subscribe(std::vector<std::string> channels) {
  tell_hearer("SUBSCRIBE", std::move(channels));
}

void link::unsubscribe(std::vector<std::string> channels) {
  tell_hearer("UNSUBSCRIBE", std::move(channels));
}

void link::tell_hearer(const char* name, std::vector<std::string> channels) {
  if (!is_up())
    return;
  channels.insert(channels.begin(), name);
  hearer_.socket->send(channels);
}

void link::send(command what, reply_handler then) {
  if (is_up())
    speaker_.socket->send(what, std::move(then));
  else
    emit(answered{std::move(then), caf::error{errc::bus_away}});
}

void link::await_replicas(size_t replicas, reply_handler handler) {
  waits_.ask(where_, replicas, std::move(handler));
}

void link::set_farewell(command last) {
  farewell_ = std::move(last);
}

size_t link::backlog() const {
  return is_up() ? speaker_.socket->backlog() : 0;
}

void link::connect() {
  if (!sentinels_)
    return open();
  asking_ = true;
  sentinels_->ask();
}

void link::open() {
  for (auto each : {&speaker_, &hearer_}) {
    each->open = false;
    each->socket = std::make_shared<connection>(context_, *each);
    each->socket->open(where_, each == &hearer_);
  }
}

void link::close() {
  for (auto each : {&speaker_, &hearer_}) {
    if (each->socket)
      each->socket->close();
    each->open = false;
  }
  waits_.close();
}

void link::on_master(const server_url& where) {
  auto moved = where.host != where_.host || where.port != where_.port;
  where_ = where;
  if (std::exchange(asking_, false))
    return open();
  if (!moved)
    return;
  delay_ = first_delay;
  lose("the master moved to " + to_string(where_));
}

void link::on_no_master(const std::string& reason) {
  // A link that is up needs no Sentinel.
  if (std::exchange(asking_, false))
    lose(reason);
}

void link::reset(std::string reason) {
  if (is_up())
    lose(std::move(reason));
}

void link::lose(std::string reason) {
  if (is_up() && std::chrono::steady_clock::now() - up_since_ > good_time)
    delay_ = first_delay;
  if (speaker_.open && !farewell_.empty())
    speaker_.socket->send_last(farewell_);
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

void link::stop() {
  // From here on nothing reaches the bridge.
  owner_ = nullptr;
  retry_.cancel();
  if (sentinels_)
    sentinels_->stop();
  close();
}

void link::emit(event what) {
  if (!owner_)
    return;
  batch_.all.push_back(std::move(what));
  if (batch_.all.size() == 1)
    boost::asio::post(context_, [self = shared_from_this()] {
      auto batch = std::exchange(self->batch_, {});
      if (self->owner_)
        caf::anon_send(self->owner_, std::move(batch));
    });
}

void link::side::on_open() {
  open = true;
  if (!parent.is_up())
    return;
  parent.up_since_ = std::chrono::steady_clock::now();
  parent.emit(link_up{parent.hearer_.socket->id()});
}

void link::side::on_reply(reply_handler then, caf::expected<reply> what) {
  parent.emit(answered{std::move(then), std::move(what)});
}

void link::side::on_push(reply what) {
  if (what.type == reply::kind::error)
    return parent.lose(what.text);
  if (what.type != reply::kind::list || what.items.size() != 3)
    return parent.lose("an unexpected reply");
  auto& kind = what.items[0].text;
  auto& channel = what.items[1].text;
  if (kind == "message")
    parent.emit(message{std::move(channel), std::move(what.items[2].text)});
  else if (kind == "subscribe")
    parent.emit(subscribed{std::move(channel)});
  else if (kind == "unsubscribe")
    parent.emit(unsubscribed{std::move(channel)});
}

void link::side::on_lost(const std::string& reason) {
  if (parent.sentinels_ && !parent.is_up())
    parent.sentinels_->distrust();
  parent.lose(reason);
}

} // namespace waybill::redis
