#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "actors/core/send_queue.hpp"
#include "actors/core/trace_event.hpp"

namespace waybill {

/// Ring of the last pushes to the id of a session, for their traces.
///
/// It is sent only when a trace is requested or the session ends, so that a
/// push costs no additional message.
class delivery_history {
public:
  /// Records that a frame was written.
  /// @param number the number of the frame in the session.
  void written(const frame& frame, uint64_t number);

  /// Records that the client has read frame `number` and all before it.
  void received(uint64_t number);

  /// Records that a frame was dropped.
  void dropped(const frame& frame);

  /// Returns the history as trace events of a session of `id`.
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

  /// Adds a frame to the ring; returns null if the frame is not traced.
  delivery* add(const frame& frame);

  /// Allocated by the first push: most sessions never get one.
  std::unique_ptr<std::array<delivery, 8>> ring_;
  size_t count_ = 0;
};

} // namespace waybill
