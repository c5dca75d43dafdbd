#pragma once

#include <array>
#include <string>
#include <string_view>

#include <boost/asio/buffer.hpp>

namespace waybill::net {

/// The message that a WebSocket is reading, in parts. Most sessions wait for
/// one that never comes, so the first part is small and in place.
class message_buffer {
public:
  /// Returns memory for the next part.
  boost::asio::mutable_buffer prepare() {
    if (size_ < first_.size())
      return boost::asio::buffer(first_) + size_;
    if (rest_.empty())
      rest_.assign(first_.data(), size_);
    constexpr size_t most = 4096;
    rest_.resize(size_ + most);
    return boost::asio::buffer(rest_) + size_;
  }

  /// Adds a part to the message.
  /// @param size the number of bytes, at most of what `prepare` returned.
  void commit(size_t size) noexcept { size_ += size; }

  /// Returns the message, and begins the next one.
  std::string take() {
    std::string result{rest_.empty() ? first_.data() : rest_.data(), size_};
    size_ = 0;
    rest_ = {};
    return result;
  }

private:
  std::array<char, 64> first_;
  size_t size_ = 0;

  /// The whole message, once it is longer than that.
  std::string rest_;
};

} // namespace waybill::net
