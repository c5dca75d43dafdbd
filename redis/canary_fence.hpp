#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <utility>

namespace waybill::redis {

/// Results of reads from Redis, each of which waits for a canary: by then all
/// pushes that were published before the read have arrived.
class canary_fence {
public:
  /// Is told whether the canary has returned.
  using handler = std::function<void(bool)>;

  /// Calls `handler` when this canary, or a later one, has returned.
  /// @pre no result waits for a later one.
  void add(uint64_t canary, handler handler) {
    waiting_.emplace_back(canary, std::move(handler));
  }

  void on_returned(uint64_t canary) {
    while (!waiting_.empty() && waiting_.front().first <= canary) {
      auto handler = std::move(waiting_.front().second);
      waiting_.pop_front();
      handler(true);
    }
  }

  /// No canary returns any more.
  void on_lost() {
    for (auto& [canary, handler] : std::exchange(waiting_, {}))
      handler(false);
  }

  /// Returns whether a result waits for a canary after this one.
  bool needs_more_than(uint64_t canary) const {
    return !waiting_.empty() && waiting_.back().first > canary;
  }

  void clear() { waiting_.clear(); }

private:
  std::deque<std::pair<uint64_t, handler>> waiting_;
};

} // namespace waybill::redis
