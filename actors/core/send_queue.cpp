#include "actors/core/send_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "actors/core/trace_event.hpp"

namespace waybill {

namespace {

/// Returns the time from which on a push must not be written.
delivery_info::time_point expiry_of(const push& push,
                                    delivery_info::time_point now) {
  auto result = delivery_info::time_point::max();
  for (auto limit : {push.ttl, push.fresh})
    if (limit.count() > 0)
      result = std::min(result, now + limit);
  return result;
}

/// Returns a new span for a delivery of a push that is traced.
std::unique_ptr<const delivery_info::span_info> begin_span(const push& push) {
  if (!push.context)
    return nullptr;
  auto context = *push.context;
  context.span = make_span_id();
  return std::make_unique<const delivery_info::span_info>(
    delivery_info::span_info{context, push.context->span, trace_time()});
}

} // namespace

delivery_info::delivery_info(push_address address, const push& push,
                             time_point now)
    : address(std::move(address)), id(push.id), reply_to(push.reply_to),
      entry(push.entry), collapse(push.collapse), want(push.want),
      traced(begin_span(push)), expiry(expiry_of(push, now)) {
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

template <class Predicate>
void send_queue::extract(std::list<frame>& from, size_t skipped, frames& to,
                         Predicate predicate) {
  for (auto i = std::next(from.begin(), skipped); i != from.end();) {
    if (!predicate(*i)) {
      ++i;
      continue;
    }
    move_out(*i, to);
    i = from.erase(i);
  }
}

frames send_queue::make_room(size_t size) {
  frames result;
  auto is_in_the_way
    = [&](const frame& x) { return !is_kept(x) && !has_room(size); };
  extract(queue_, writing_ ? 1 : 0, result, is_in_the_way);
  extract(held_, 0, result, is_in_the_way);
  return result;
}

frames send_queue::supersede(const frame& newer) {
  frames result;
  auto is_older = [&](const frame& x) {
    return x.tracked && x.tracked->collapse == newer.tracked->collapse
           && (!is_kept(x) || is_kept(newer));
  };
  extract(queue_, writing_ ? 1 : 0, result, is_older);
  extract(held_, 0, result, is_older);
  return result;
}

bool send_queue::has_held(const std::string& collapse) const {
  return std::any_of(held_.begin(), held_.end(), [&](const frame& x) {
    return is_kept(x) && x.tracked->collapse == collapse;
  });
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
  extract(held_, 0, result, [](const frame& x) { return is_kept(x); });
  return result;
}

} // namespace waybill
