#include "redis/plain_push.hpp"

#include <string>

#include "actors/core/text.hpp"
#include "redis/codec.hpp"
#include "redis/members.hpp"

namespace waybill::redis {

namespace {

/// First bytes of values of MessagePack. Those of one kind are adjacent: the
/// N-th after it announces a number or size of 2^N bytes.
constexpr uint8_t small_map = 0x80;
constexpr uint8_t small_text = 0xa0;
constexpr uint8_t first_data = 0xc4;
constexpr uint8_t first_number = 0xcc;
constexpr uint8_t first_text = 0xd9;

constexpr size_t max_small_map = 15;
constexpr size_t max_small_text = 31;
constexpr uint64_t max_small_number = 127;

/// Appends values as MessagePack, each in its shortest form.
class writer {
public:
  /// @param size an estimate of the result.
  explicit writer(size_t size) { bytes_.reserve(size); }

  /// Starts a map of up to 15 members.
  void put_map(size_t members) { put(small_map + members); }

  void put_text(std::string_view text) {
    if (text.size() <= max_small_text)
      put(small_text + text.size());
    else
      put_sized(first_text, text.size());
    bytes_ += text;
  }

  void put_data(std::string_view data) {
    put_sized(first_data, data.size());
    bytes_ += data;
  }

  void put_number(uint64_t number) {
    if (number <= max_small_number)
      put(number);
    else
      put_sized(first_number, number);
  }

  std::string take() { return std::move(bytes_); }

private:
  void put(uint64_t byte) { bytes_ += static_cast<char>(byte); }

  void put_sized(uint8_t first, uint64_t number) {
    auto power = 0;
    while (power < 3 && number >> (8 << power) != 0)
      ++power;
    put(first + static_cast<unsigned>(power));
    for (auto shift = 8 << power; shift > 0;)
      put(number >> (shift -= 8));
  }

  std::string bytes_;
};

/// Consumes members of a map. Once something else comes next, all that follows
/// fails, and the views and numbers that it returns are empty and 0.
class reader {
public:
  explicit reader(std::string_view bytes) : rest_(bytes) {
    auto first = next();
    if (first < small_map || first > small_map + max_small_map) {
      fail();
      return;
    }
    members_ = first - small_map;
    rest_.remove_prefix(1);
  }

  /// Consumes the name of the next member if it is `name`.
  bool take_name(std::string_view name) {
    if (members_ == 0 || next() != small_text + name.size()
        || rest_.substr(1, name.size()) != name)
      return false;
    rest_.remove_prefix(1 + name.size());
    --members_;
    return true;
  }

  std::string_view take_text() {
    auto first = next();
    if (first < small_text || first > small_text + max_small_text)
      return take(take_sized(first_text, 3));
    rest_.remove_prefix(1);
    return take(first - small_text);
  }

  std::string_view take_data() { return take(take_sized(first_data, 3)); }

  uint64_t take_number() {
    auto first = next();
    if (first > max_small_number)
      return take_sized(first_number, 4);
    rest_.remove_prefix(1);
    return first;
  }

  /// Returns whether the map has ended, and the bytes with it.
  bool is_done() const { return rest_.empty() && members_ == 0; }

private:
  uint8_t next() const {
    // No value of MessagePack begins with 0xc1.
    return rest_.empty() ? 0xc1 : static_cast<uint8_t>(rest_[0]);
  }

  /// Consumes a number or size in one of `forms` forms.
  uint64_t take_sized(uint8_t first, uint8_t forms) {
    auto power = next() - first;
    if (power < 0 || power >= forms
        || rest_.size() < 1 + (size_t{1} << power)) {
      fail();
      return 0;
    }
    uint64_t result = 0;
    rest_.remove_prefix(1);
    for (auto byte : rest_.substr(0, size_t{1} << power))
      result = (result << 8) | static_cast<uint8_t>(byte);
    rest_.remove_prefix(size_t{1} << power);
    return result;
  }

  std::string_view take(uint64_t size) {
    if (size > rest_.size()) {
      fail();
      return {};
    }
    auto result = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return result;
  }

  void fail() {
    rest_ = {};
    // Never ends.
    members_ = 1;
  }

  std::string_view rest_;
  size_t members_ = 0;
};

} // namespace

std::string encode(const push& push) {
  // Enough for names, sizes, numbers, and an entry that is appended.
  constexpr size_t overhead = 96;
  auto body = push.body.bytes();
  auto is_text = push.body.type() == payload::format::text;
  auto has_receipt = !push.reply_to.empty();
  auto is_kept = push.ttl.count() != 0;
  auto has_collapse = !push.collapse.empty();
  auto is_fresh = push.fresh.count() != 0;
  auto is_value = push.retain.count() != 0;
  auto is_traced = push.context.has_value();
  writer out{overhead + push.id.size() + body.size() + push.reply_to.size()
             + push.collapse.size()};
  out.put_map(2 + 2 * has_receipt + 2 * is_kept + has_collapse + is_fresh
              + is_value + is_traced);
  // These make it unusual, so that the full reader reads it.
  if (has_collapse) {
    out.put_text("collapse");
    out.put_text(push.collapse);
  }
  if (is_fresh) {
    out.put_text("fresh");
    out.put_number(static_cast<uint64_t>(push.fresh.count()));
  }
  if (is_value) {
    out.put_text("retain");
    out.put_number(static_cast<uint64_t>(push.retain.count()));
  }
  if (is_traced) {
    out.put_text("traceparent");
    out.put_text(to_string(*push.context));
  }
  if (!is_text) {
    out.put_text("data");
    out.put_data(body);
  }
  out.put_text("push");
  out.put_text(push.id);
  if (is_text) {
    out.put_text("text");
    out.put_text(body);
  }
  if (has_receipt) {
    out.put_text("to");
    out.put_text(push.reply_to);
  }
  if (is_kept) {
    out.put_text("ttl");
    out.put_number(static_cast<uint64_t>(push.ttl.count()));
  }
  if (has_receipt) {
    out.put_text("want");
    out.put_number(static_cast<uint64_t>(push.want));
  }
  if (is_kept)
    out.put_text("entry");
  return out.take();
}

std::optional<push> read_plain_push(std::string_view bytes) {
  reader in{bytes};
  auto is_data = in.take_name("data");
  auto data = is_data ? in.take_data() : std::string_view{};
  if (!in.take_name("push"))
    return std::nullopt;
  auto id = in.take_text();
  if (!is_data && !in.take_name("text"))
    return std::nullopt;
  auto body = is_data ? data : in.take_text();
  auto reply_to = in.take_name("to") ? in.take_text() : std::string_view{};
  auto ttl = in.take_name("ttl") ? in.take_number() : 0;
  auto want = in.take_name("want") ? in.take_number() : 0;
  auto entry = in.take_name("entry") ? in.take_text() : std::string_view{};
  if (!in.is_done() || (!is_data && !is_utf8(body)))
    return std::nullopt;
  return push{std::string{id},
              payload{is_data ? payload::format::binary : payload::format::text,
                      std::string{body}},
              to_receipt_level(want).value_or(receipt_level::routed),
              std::string{reply_to},
              to_ttl(ttl),
              std::string{entry}};
}

} // namespace waybill::redis
