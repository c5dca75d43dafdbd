#pragma once

#include <array>
#include <memory>
#include <string_view>

#include <boost/asio/buffer.hpp>

namespace waybill::net {

/// Memory for the reads of a socket, one at a time. Most sessions wait for
/// input that never comes, so there is little until a read fills it.
class read_buffer {
public:
  /// Returns memory for the next read.
  boost::asio::mutable_buffer prepare() {
    if (!is_full_)
      large_.reset();
    else if (!large_)
      large_ = std::make_unique_for_overwrite<large>();
    return large_ ? boost::asio::buffer(*large_) : boost::asio::buffer(small_);
  }

  /// Returns what has been read, until the next call of `prepare`.
  /// @param size the number of bytes, at most of what `prepare` returned.
  std::string_view read(size_t size) noexcept {
    is_full_ = size == (large_ ? large_->size() : small_.size());
    return {large_ ? large_->data() : small_.data(), size};
  }

private:
  using large = std::array<char, 4096>;

  std::array<char, 64> small_;
  std::unique_ptr<large> large_;
  bool is_full_ = false;
};

} // namespace waybill::net
