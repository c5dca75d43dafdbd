#include "actors/core/send_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace waybill {

delivery_info::delivery_info(push_address address, const push& push,
                             time_point now)
    : address(std::move(address)), id(push.id), reply_to(push.reply_to),
      entry(push.entry), want(push.want),
      expiry(push.ttl.count() > 0 ? now + push.ttl : time_point::max()) {
  // nop
}

void send_queue::skip_to(const std::string& entry) {
  last_entry_ = begun_entry_ = entry;
}

void send_queue::put(frame frame) {
  bytes_ += frame.body.size();
  append(std::move(frame));
}

void send_queue::put_first(frame frame) {
  bytes_ += frame.body.size();
  queue_.push_front(std::move(frame));
}

void send_queue::hold(frame frame) {
  bytes_ += frame.body.size();
  held_.push_back(std::move(frame));
}

void send_queue::append(frame frame) {
  if (is_kept(frame))
    last_entry_ = frame.tracked->entry;
  queue_.push_back(std::move(frame));
}

void send_queue::release() {
  for (auto& frame : held_)
    append(std::move(frame));
  held_.clear();
}

bool send_queue::release_to(const std::string& entry) {
  auto last = std::find_if(held_.begin(), held_.end(), [&](const frame& x) {
    return is_kept(x) && x.tracked->entry == entry;
  });
  if (last == held_.end())
    return false;
  std::for_each(held_.begin(), ++last,
                [this](frame& x) { append(std::move(x)); });
  held_.erase(held_.begin(), last);
  return true;
}

const frame& send_queue::begin() {
  writing_ = true;
  auto& result = queue_.front();
  if (is_kept(result))
    begun_entry_ = result.tracked->entry;
  return result;
}

frame send_queue::written() {
  writing_ = false;
  return take_first();
}

frame send_queue::take_first() {
  auto result = std::move(queue_.front());
  queue_.pop_front();
  bytes_ -= result.body.size();
  return result;
}

void send_queue::move_out(frame& frame, frames& to) {
  bytes_ -= frame.body.size();
  to.push_back(std::move(frame));
}

frames send_queue::make_room(size_t size) {
  frames result;
  auto take_from = [&](std::list<frame>& from, size_t first) {
    for (auto i = std::next(from.begin(), first);
         i != from.end() && !has_room(size);) {
      if (is_kept(*i)) {
        ++i;
        continue;
      }
      move_out(*i, result);
      i = from.erase(i);
    }
  };
  take_from(queue_, writing_ ? 1 : 0);
  take_from(held_, 0);
  return result;
}

frames send_queue::clear() {
  frames result;
  auto first = std::next(queue_.begin(), writing_ ? 1 : 0);
  for (auto i = first; i != queue_.end(); ++i)
    move_out(*i, result);
  queue_.erase(first, queue_.end());
  for (auto& frame : held_)
    move_out(frame, result);
  held_.clear();
  last_entry_ = begun_entry_;
  return result;
}

frames send_queue::clear_kept_held() {
  frames result;
  for (auto& frame : std::exchange(held_, {}))
    if (is_kept(frame))
      move_out(frame, result);
    else
      held_.push_back(std::move(frame));
  return result;
}

} // namespace waybill
