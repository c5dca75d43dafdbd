#include "actors/backlog.hpp"

#include <algorithm>
#include <utility>

namespace waybill {

ticket::ticket(push_address where, const push& what, time_point now)
    : where(std::move(where)), id(what.id), reply_to(what.reply_to),
      entry(what.entry), want(what.want),
      expiry(what.ttl.count() > 0 ? now + what.ttl : time_point::max()) {
  // nop
}

void backlog::put(frame what) {
  bytes_ += what.body.size();
  append(std::move(what));
}

void backlog::put_first(frame what) {
  bytes_ += what.body.size();
  queue_.push_front(std::move(what));
}

void backlog::hold(frame what) {
  bytes_ += what.body.size();
  held_.push_back(std::move(what));
}

void backlog::append(frame what) {
  if (is_kept(what))
    last_entry_ = what.tracked->entry;
  queue_.push_back(std::move(what));
}

void backlog::release() {
  for (auto& each : held_)
    append(std::move(each));
  held_.clear();
}

bool backlog::release_to(const std::string& entry) {
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

const payload& backlog::begin() {
  writing_ = true;
  auto& result = queue_.front();
  if (is_kept(result))
    begun_entry_ = result.tracked->entry;
  return result.body;
}

frame backlog::written() {
  writing_ = false;
  return take_first();
}

frame backlog::take_first() {
  auto result = std::move(queue_.front());
  queue_.pop_front();
  bytes_ -= result.body.size();
  return result;
}

void backlog::move_out(frame& what, frames& to) {
  bytes_ -= what.body.size();
  to.push_back(std::move(what));
}

frames backlog::make_room(size_t size) {
  frames result;
  auto take_from = [&](std::deque<frame>& from, size_t first) {
    for (auto i = from.begin() + first; i != from.end() && !has_room(size);) {
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

frames backlog::clear() {
  frames result;
  auto first = queue_.begin() + (writing_ ? 1 : 0);
  for (auto i = first; i != queue_.end(); ++i)
    move_out(*i, result);
  queue_.erase(first, queue_.end());
  for (auto& each : held_)
    move_out(each, result);
  held_.clear();
  last_entry_ = begun_entry_;
  return result;
}

frames backlog::clear_kept_held() {
  frames result;
  for (auto& each : std::exchange(held_, {}))
    if (is_kept(each))
      move_out(each, result);
    else
      held_.push_back(std::move(each));
  return result;
}

} // namespace waybill
