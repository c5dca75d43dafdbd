#pragma once

#include <chrono>
#include <string>
#include <unordered_map>

namespace waybill {

/// Limits of a token bucket: the average rate, and the largest burst.
struct rate {
  double per_second = 0;
  double burst = 0;
};

/// A token bucket. It starts full.
class token_bucket {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Takes `count` tokens if there are as many, or if the bucket is full.
  /// @returns the time to wait until there are; 0 if they were taken.
  std::chrono::nanoseconds take(const rate& limit, time_point now,
                                double count = 1);

  /// Returns the time to wait until `take` takes `count` tokens; 0 if it would
  /// now.
  std::chrono::nanoseconds wait_time(const rate& limit, time_point now,
                                     double count = 1) const;

  /// Puts a token back.
  void put_back() noexcept { --missing_; }

  bool is_full(const rate& limit, time_point now) const;

private:
  /// Returns the number of tokens missing from a full bucket.
  double missing(const rate& limit, time_point now) const;

  /// The same at the time `last_`.
  double missing_ = 0;
  time_point last_;
};

/// Measures the rate of events, averaged over about the last second.
class rate_meter {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Counts an event.
  void add(time_point now);

  /// Returns the number of events a second.
  double per_second(time_point now) const;

private:
  /// The rate at the time `last_`, which decays.
  double rate_ = 0;
  time_point last_;
};

/// Token buckets with the same rate, by key. Full buckets are removed from time
/// to time.
class rate_limiter {
public:
  explicit rate_limiter(const rate& limit) : limit_(limit) {
    // nop
  }

  /// Takes tokens from the bucket of `key`, as `token_bucket::take`.
  std::chrono::nanoseconds take(const std::string& key,
                                token_bucket::time_point now, double count = 1);

  /// Returns the number of buckets.
  size_t size() const noexcept { return buckets_.size(); }

private:
  const rate limit_;
  std::unordered_map<std::string, token_bucket> buckets_;

  /// Number of buckets from which on full ones are removed.
  size_t threshold_ = min_threshold;

  static constexpr size_t min_threshold = 1000;
};

} // namespace waybill
