#include "redis/subscription_order.hpp"

#include <utility>

namespace waybill::redis {

void subscription_order::on_sent(command type, std::string channel) {
  sent_.push_back({type, std::move(channel)});
}

subscription_order::result
subscription_order::on_subscribed(std::string_view channel) {
  return is_next(command::subscribe, channel) ? take(meaning::subscribed)
                                              : result{meaning::broken};
}

subscription_order::result
subscription_order::on_unsubscribed(std::string_view channel) {
  // If this is no reply, the one to the command is an error that precedes the
  // reply to the PING.
  return is_next(command::unsubscribe, channel)
           ? take(meaning::unsubscribed)
           : result{meaning::revoked, std::string{channel}};
}

subscription_order::result subscription_order::on_pong() {
  return is_next(command::fence, {}) ? take(meaning::none)
                                     : result{meaning::broken};
}

subscription_order::result subscription_order::on_error() {
  if (sent_.empty())
    return {meaning::broken};
  switch (sent_.front().type) {
  case command::subscribe:
    return take(meaning::rejected);
  case command::unsubscribe:
    return take(meaning::unsubscribed);
  default:
    return {meaning::none};
  }
}

bool subscription_order::is_next(command type, std::string_view channel) const {
  return !sent_.empty() && sent_.front().type == type
         && sent_.front().channel == channel;
}

subscription_order::result subscription_order::take(meaning type) {
  result result{type, std::move(sent_.front().channel)};
  sent_.pop_front();
  return result;
}

} // namespace waybill::redis
