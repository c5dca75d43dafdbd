#include "actors/core/histogram.hpp"

#include <algorithm>

namespace waybill {

void histogram::add(std::chrono::steady_clock::duration x) {
  auto time = std::chrono::duration_cast<std::chrono::microseconds>(x).count();
  ++count_;
  microseconds_ += static_cast<uint64_t>(time);
  auto bound = std::find_if(bounds.begin(), bounds.end(), [=](int limit) {
    return time <= int64_t{limit} * 1000;
  });
  if (bound != bounds.end())
    ++buckets_[static_cast<size_t>(bound - bounds.begin())];
}

histogram& histogram::operator+=(const histogram& x) {
  for (size_t i = 0; i < buckets_.size(); ++i)
    buckets_[i] += x.buckets_[i];
  count_ += x.count_;
  microseconds_ += x.microseconds_;
  return *this;
}

} // namespace waybill
