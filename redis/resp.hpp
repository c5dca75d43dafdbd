#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;

namespace waybill::redis {

/// The words of a Redis command. They may hold any bytes: each is sent with its
/// length, and nothing is ever pasted into a format string.
using command = std::vector<std::string>;

/// Appends `what` to `out` as RESP, Redis' protocol.
void append(std::string& out, const command& command);

/// What Redis answered.
struct reply {
  enum class kind : uint8_t {
    /// `text` holds a status or bulk string.
    text,
    /// `number` holds it.
    number,
    /// `items` holds the elements.
    list,
    /// Redis has no such thing.
    nil,
    /// `text` says what Redis did not like.
    error,
  };

  kind type = kind::nil;
  int64_t number = 0;
  std::string text = {};
  std::vector<reply> items = {};
};

/// Takes replies out of the bytes that Redis sends.
class reply_reader {
public:
  reply_reader();

  /// Adds bytes as they came.
  void feed(std::string_view bytes);

  /// Takes out the next whole reply.
  /// @returns nothing while there is none.
  /// @throws std::runtime_error if the bytes are not RESP.
  std::optional<reply> next();

private:
  struct deleter {
    void operator()(redisReader* ptr) const noexcept;
  };

  std::unique_ptr<redisReader, deleter> reader_;
};

} // namespace waybill::redis
