#include "redis/topology.hpp"

#include <utility>

namespace waybill::redis {

namespace {

/// Time for which a move outweighs tables.
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
  if (table == table_) {
    // Replicas may differ.
    table_ = std::move(table);
    return false;
  }
  // Other servers hear of a move later.
  for (size_t slot = 0; slot < slot_count; ++slot) {
    auto from = table_.at(static_cast<uint16_t>(slot));
    auto to = table.at(static_cast<uint16_t>(slot));
    if (from && to && from->server != to->server)
      moves_.push_back({static_cast<uint16_t>(slot), to->server, now});
  }
  table_ = std::move(table);
  return true;
}

bool topology::on_moved(uint16_t slot, const endpoint& owner, time_point now) {
  std::erase_if(moves_, [&](const move& x) {
    return x.slot == slot || now - x.when >= move_time;
  });
  moves_.push_back({slot, owner, now});
  auto known = table_.at(slot);
  if (known && known->server == owner)
    return false;
  table_.assign(slot, owner);
  return true;
}

} // namespace waybill::redis
