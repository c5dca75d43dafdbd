#include "actors/core/inbox_reader.hpp"

#include <cassert>
#include <utility>

namespace waybill {

std::optional<inbox_reader::page_request>
inbox_reader::on_reachable(bool has_mail) {
  if (!std::exchange(has_dropped_, false) && !has_mail
      && phase_ == phase::waiting)
    phase_ = phase::done;
  if (phase_ == phase::done)
    return std::nullopt;
  return read();
}

void inbox_reader::on_unreachable() {
  restart(phase::waiting);
}

std::optional<inbox_reader::page_request> inbox_reader::on_queue_written() {
  if (phase_ != phase::has_more)
    return std::nullopt;
  return read();
}

void inbox_reader::on_dropped() {
  // An unreachable session reads once it is reachable, not before.
  has_dropped_ = phase_ == phase::waiting;
  restart(has_dropped_ ? phase::waiting : phase::has_more);
}

void inbox_reader::on_page(const std::string& upto, bool more) {
  assert(phase_ == phase::reading);
  upto_ = upto;
  phase_ = more ? phase::has_more : phase::done;
}

inbox_reader::page_request inbox_reader::read() {
  phase_ = phase::reading;
  return {++number_, upto_};
}

void inbox_reader::restart(phase next) {
  phase_ = next;
  upto_.clear();
}

} // namespace waybill
