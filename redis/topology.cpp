#include "redis/topology.hpp"

#include <utility>

namespace waybill::redis {

namespace {

/// Time for which a redirection outweighs tables.
constexpr auto move_time = std::chrono::seconds{2};

/// Time after which a smaller table is believed.
constexpr auto doubt_time = std::chrono::seconds{5};

} // namespace

bool topology::on_table(const endpoint& source, slot_table table,
                        time_point now) {
  while (!moves_.empty() && now - moves_.front().when >= move_time)
    moves_.pop_front();
  for (auto& move : moves_)
    table.assign(move.slot, move.owner);
  if (table.covered() < table_.covered()) {
    auto is_believed
      = doubted_
        && ((doubted_->table == table && doubted_->source != source)
            || now - doubted_->since >= doubt_time);
    if (!is_believed) {
      auto since = doubted_ ? doubted_->since : now;
      // The first of two servers stays: it may be asked twice in a row.
      if (!doubted_ || !(doubted_->table == table))
        doubted_ = {source, std::move(table), since};
      return false;
    }
  }
  doubted_.reset();
  return !(std::exchange(table_, std::move(table)) == table_);
}

bool topology::on_moved(uint16_t slot, const endpoint& owner, time_point now) {
  moves_.push_back({slot, owner, now});
  auto known = table_.at(slot);
  if (known && known->server == owner)
    return false;
  table_.assign(slot, owner);
  return true;
}

} // namespace waybill::redis
