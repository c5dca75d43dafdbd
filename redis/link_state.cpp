#include "redis/link_state.hpp"

#include <algorithm>

namespace waybill::redis {

link_state::command link_state::on_due() {
  if (phase_ != phase::waiting)
    return command::none;
  phase_ = has_sentinels_ ? phase::resolving : phase::opening;
  return has_sentinels_ ? command::resolve : command::open;
}

link_state::command link_state::on_open(side opened, time_point now) {
  auto is_commands = opened == side::commands;
  auto other = is_commands ? phase::pubsub_open : phase::commands_open;
  if (phase_ != other) {
    phase_ = is_commands ? phase::commands_open : phase::pubsub_open;
    return command::none;
  }
  phase_ = phase::up;
  up_since_ = now;
  return command::announce;
}

link_state::command link_state::on_master(bool moved) {
  if (phase_ == phase::resolving) {
    phase_ = phase::opening;
    return command::open;
  }
  if (!moved)
    return command::none;
  delay_ = first_delay;
  return command::lose;
}

link_state::command link_state::on_no_master() {
  return phase_ == phase::resolving ? command::lose : command::none;
}

link_state::retreat link_state::on_lost(time_point now, double part) {
  if (is_up() && now - up_since_ > good_time)
    delay_ = first_delay;
  auto says_farewell = is_up() || phase_ == phase::commands_open;
  auto delay
    = std::chrono::duration_cast<std::chrono::milliseconds>(delay_ * part);
  delay_ = std::min(2 * delay_, longest_delay);
  phase_ = phase::waiting;
  return {says_farewell, delay};
}

} // namespace waybill::redis
