#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "actors/core/send_queue.hpp"
#include "actors/core/trace_event.hpp"

namespace waybill {

/// What a session remembers of the last pushes to its id, for their trace.
///
/// It stays with the session until somebody asks, or the session ends: so a
/// push costs no message more.
class delivery_history {
public:
  /// Takes down that a frame was written.
  /// @param number its number among all frames of the session.
  void written(const frame& frame, uint64_t number);

  /// Takes down that the client has read all frames up to that of `number`.
  void received(uint64_t number);

  void dropped(const frame& frame);

  /// Returns what is remembered, as hops of a session of `id`.
  trace_events events(const std::string& id, const std::string& peer) const;

private:
  struct delivery {
    std::string push;
    uint64_t delivery = 0;
    uint64_t number = 0;
    int64_t written = 0;
    int64_t received = 0;
    int64_t dropped = 0;
  };

  /// Makes room for one more; returns null if the frame is not traced.
  delivery* add(const frame& frame);

  /// Most sessions never get a push: without one, there is no ring.
  std::unique_ptr<std::array<delivery, 8>> ring_;
  size_t count_ = 0;
};

} // namespace waybill
