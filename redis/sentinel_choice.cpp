#include "redis/sentinel_choice.hpp"

namespace waybill::redis {

sentinel_choice::command sentinel_choice::on_ask() {
  switch (phase_) {
  case phase::disconnected:
    failed_ = 0;
    phase_ = phase::connecting;
    return command::connect;
  case phase::idle:
    phase_ = phase::asked;
    return command::ask;
  case phase::connecting:
  case phase::asked:
    break;
  }
  return command::none;
}

sentinel_choice::command sentinel_choice::on_open() {
  phase_ = phase::asked;
  return command::ask;
}

void sentinel_choice::on_master() {
  phase_ = phase::idle;
  failed_ = 0;
}

sentinel_choice::command sentinel_choice::on_failure() {
  advance();
  if (++failed_ >= count_)
    return command::give_up;
  phase_ = phase::connecting;
  return command::connect;
}

void sentinel_choice::on_distrust() {
  advance();
}

void sentinel_choice::advance() {
  phase_ = phase::disconnected;
  current_ = (current_ + 1) % count_;
}

} // namespace waybill::redis
