#pragma once

#include <chrono>
#include <string>
#include <unordered_map>

namespace waybill {

/// How much may come: so much a second on average, and so much at once.
struct rate {
  double per_second = 0;
  double burst = 0;
};

/// Counts what comes against a rate, as a bucket of tokens that fills up again
/// with time. It starts full.
class token_bucket {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Takes `count` tokens, if there are so many, or if it is full.
  /// @returns how long to wait until there are; 0 if they were taken.
  std::chrono::nanoseconds take(const rate& limit, time_point now,
                                double count = 1);

  /// Puts a token back.
  void put_back() noexcept { --missing_; }

  bool is_full(const rate& limit, time_point now) const;

private:
  /// How many tokens were missing, and when that was.
  double missing_ = 0;
  time_point last_;
};

/// Counts what comes from each of many against the same rate. It remembers only
/// those who have come of late.
class rate_limiter {
public:
  explicit rate_limiter(const rate& limit) : limit_(limit) {
    // nop
  }

  /// As `token_bucket::take`, of the bucket of `who`.
  std::chrono::nanoseconds take(const std::string& key,
                                token_bucket::time_point now, double count = 1);

  /// Returns how many it remembers.
  size_t size() const noexcept { return buckets_.size(); }

private:
  const rate limit_;
  std::unordered_map<std::string, token_bucket> buckets_;

  /// At how many it looks for those that it may forget.
  size_t many_ = least_;

  static constexpr size_t least_ = 1000;
};

} // namespace waybill
