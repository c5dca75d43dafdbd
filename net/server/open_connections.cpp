#include "net/server/open_connections.hpp"

#include <algorithm>

namespace waybill::net {

void open_connections::slot::be_silent() {
  if (!all_)
    return;
  position_->is_silent = true;
  all_->all_.splice(all_->all_.end(), all_->all_, position_);
}

void open_connections::slot::be_busy() {
  if (!all_)
    return;
  position_->is_silent = false;
  position_->has_asked = true;
}

void open_connections::slot::leave() {
  auto all = std::exchange(all_, nullptr);
  if (!all)
    return;
  auto count = all->peers_.find(position_->peer);
  if (--count->second == 0)
    all->peers_.erase(count);
  all->all_.erase(position_);
}

open_connections::slot open_connections::add(const connection_limits& limits,
                                             const std::string& peer,
                                             std::function<void()> close) {
  auto same = peers_.find(peer);
  if (!peer.empty() && limits.per_peer > 0 && same != peers_.end()
      && same->second >= limits.per_peer)
    close_any(&peer);
  else if (limits.in_total > 0 && all_.size() >= limits.in_total)
    close_any(nullptr);
  ++peers_[peer];
  return {*this, all_.insert(all_.end(), {peer, std::move(close)})};
}

bool open_connections::close_longest(bool has_asked, const std::string* peer) {
  auto found = std::find_if(all_.begin(), all_.end(), [&](auto& x) {
    return x.is_silent && x.has_asked == has_asked
           && (!peer || x.peer == *peer);
  });
  if (found == all_.end())
    return false;
  // The call destroys the original.
  auto close = found->close;
  close();
  return true;
}

void open_connections::close_any(const std::string* peer) {
  if (!close_longest(false, peer))
    close_longest(true, peer);
}

} // namespace waybill::net
