#pragma once

#include <algorithm>
#include <chrono>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <vector>

#include "test/bench/sockets.hpp"

namespace waybill::bench {

using clock = std::chrono::steady_clock;

// A push, or an upgrade, that takes longer while nothing else ends is lost.
constexpr auto patience = std::chrono::seconds(5);

/// Work that is repeated for some time, several times at once.
class workload {
public:
  workload(event_loop& loop, std::chrono::duration<double> time)
      : loop_(loop), time_(time) {}

  virtual ~workload() = default;

  /// Does the work. Returns what came of it, in JSON.
  std::string run(std::size_t at_once) {
    rusage before = usage();
    auto begin = last_end_ = clock::now();
    end_ = begin + std::chrono::duration_cast<clock::duration>(time_);
    for (std::size_t i = 0; i < at_once; ++i)
      begin_next(i);
    while (under_way_ && clock::now() - last_end_ < patience) {
      end_turn();
      loop_.turn(100);
    }
    rusage after = usage();
    auto cpu = microseconds(after.ru_utime) + microseconds(after.ru_stime)
               - microseconds(before.ru_utime) - microseconds(before.ru_stime);
    std::ostringstream out;
    out << R"({"count":)" << latencies_.size() << R"(,"frames":)" << frames_
        << R"(,"lost":)" << under_way_ << R"(,"cpu":)" << cpu << R"(,"p50":)"
        << percentile(50) << R"(,"p99":)" << percentile(99) << "}";
    return out.str();
  }

protected:
  /// Begins the work of one of those that work at once. Returns false if none
  /// is left.
  virtual bool begin(std::size_t index) = 0;

  /// Writes what has gathered in a turn of the loop.
  virtual void end_turn() {}

  void begin_next(std::size_t index) {
    if (clock::now() < end_ && begin(index))
      ++under_way_;
  }

  void note_latency(clock::time_point begin) {
    latencies_.push_back(
      std::chrono::duration<double, std::micro>(clock::now() - begin).count());
  }

  void note_frame() { ++frames_; }

  void finish(std::size_t index) {
    --under_way_;
    last_end_ = clock::now();
    begin_next(index);
  }

private:
  static rusage usage() {
    rusage result;
    getrusage(RUSAGE_SELF, &result);
    return result;
  }

  static double microseconds(const timeval& time) {
    return time.tv_sec * 1e6 + time.tv_usec;
  }

  double percentile(std::size_t percent) {
    if (latencies_.empty())
      return 0;
    auto nth = latencies_.begin()
               + static_cast<std::ptrdiff_t>(latencies_.size() * percent / 100);
    std::nth_element(latencies_.begin(), nth, latencies_.end());
    return *nth;
  }

  event_loop& loop_;
  std::chrono::duration<double> time_;
  clock::time_point end_;
  clock::time_point last_end_;
  std::size_t under_way_ = 0;
  std::size_t frames_ = 0;
  std::vector<double> latencies_;
};

} // namespace waybill::bench
