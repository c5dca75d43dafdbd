#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <caf/error.hpp>
#include <caf/expected.hpp>

struct redisReader;

namespace waybill::redis {

/// The words of a Redis command. They may hold any bytes: each is sent with its
/// length, and never as a format string.
using command = std::vector<std::string>;

/// Makes a command of its words, without a copy of those that are moved.
template <class... Words>
command make_command(Words&&... words) {
  command result;
  result.reserve(sizeof...(words));
  (result.emplace_back(std::forward<Words>(words)), ...);
  return result;
}

/// Appends a command to `out` as RESP, Redis' protocol.
void append(std::string& out, const command& command);

/// A reply of Redis.
struct reply {
  enum class kind : uint8_t {
    /// `text` holds a status or bulk string.
    text,
    /// `number` holds an integer.
    number,
    /// `items` holds the elements.
    list,
    /// Null: the key or element does not exist.
    nil,
    /// `text` holds the error.
    error,
  };

  kind type = kind::nil;
  int64_t number = 0;
  std::string text = {};
  std::vector<reply> items = {};
};

/// Returns the number at the start of a text; 0 if there is none.
uint64_t to_number(std::string_view text);

/// Converts a reply to a number: that of an integer or a text, 0 for null, and
/// else an error.
caf::expected<uint64_t> number_of(const caf::expected<reply>& x);

/// Returns the error for a reply that the command should not get.
caf::error unexpected_reply();

/// Parses replies from the bytes of a connection.
class reply_reader {
public:
  reply_reader();

  /// Adds bytes, which may end anywhere within a reply.
  void feed(std::string_view bytes);

  /// Returns whether no byte is left: the last one ended a reply.
  bool is_idle() const noexcept;

  /// Removes and returns the next complete reply.
  /// @returns nothing if there is none.
  /// @throws std::runtime_error if the bytes are not RESP.
  std::optional<reply> next();

private:
  struct deleter {
    void operator()(redisReader* ptr) const noexcept;
  };

  /// Makes the reader of hiredis, with an empty buffer.
  void open();

  /// Number of bytes since no byte was left.
  size_t fed_ = 0;

  /// Set while a part of a reply may have been parsed.
  bool is_partial_ = false;

  /// The reply that is being parsed, to which the reader refers.
  std::unique_ptr<reply> reply_;
  std::unique_ptr<redisReader, deleter> reader_;
};

} // namespace waybill::redis
