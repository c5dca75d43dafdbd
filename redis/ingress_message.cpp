#include "redis/ingress_message.hpp"

#include <algorithm>
#include <charconv>

#include "actors/core/text.hpp"
#include "redis/sax_handler.hpp"

namespace waybill::redis {

namespace {

/// Maximum nesting of JSON from outside. Nothing here recurses over it, but the
/// receivers of the payload may.
constexpr size_t max_depth = 512;

/// Splits valid JSON into tokens and values without converting them: numbers
/// keep their digits and strings their escapes.
class scanner {
public:
  explicit scanner(std::string_view text) : rest_(text) {
    // nop
  }

  /// Consumes `c` if it comes next; returns whether it did.
  bool take(char c) {
    skip_space();
    if (!rest_.starts_with(c))
      return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// Consumes a value.
  std::string_view take_value() {
    skip_space();
    auto start = rest_;
    size_t depth = 0;
    do {
      switch (rest_.front()) {
      case '"':
        skip_string();
        break;
      case '{':
      case '[':
        ++depth;
        rest_.remove_prefix(1);
        break;
      case '}':
      case ']':
        --depth;
        rest_.remove_prefix(1);
        break;
      default:
        // In a container, the bytes between two brackets or strings; else a
        // number or a literal, which ends before white space or a token.
        rest_.remove_prefix(
          std::min(rest_.find_first_of(depth > 0 ? "\"{}[]" : ",}] \t\r\n"),
                   rest_.size()));
      }
    } while (depth > 0);
    return start.substr(0, start.size() - rest_.size());
  }

  /// Copies a value without the white space between its tokens.
  static std::string compact(std::string_view value) {
    std::string result;
    scanner in{value};
    for (in.skip_space(); !in.rest_.empty(); in.skip_space()) {
      auto start = in.rest_;
      if (start.starts_with('"'))
        in.skip_string();
      else
        in.rest_.remove_prefix(1);
      result += start.substr(0, start.size() - in.rest_.size());
    }
    return result;
  }

private:
  void skip_space() {
    rest_.remove_prefix(
      std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }

  void skip_string() {
    size_t i = 1;
    for (; rest_[i] != '"'; ++i)
      if (rest_[i] == '\\')
        ++i;
    rest_.remove_prefix(i + 1);
  }

  std::string_view rest_;
};

/// Returns the text of a JSON string.
std::string unquote(std::string_view value) {
  return json::parse(value).get<std::string>();
}

/// Converts a KEY into an id, or an empty string.
std::string to_id(std::string_view key) {
  if (key.starts_with('"'))
    return unquote(key);
  auto print = [&]<class Integer>(Integer number) -> std::string {
    auto end = key.data() + key.size();
    auto [stop, error] = std::from_chars(key.data(), end, number);
    return error == std::errc{} && stop == end ? std::to_string(number) : "";
  };
  return key.starts_with('-') ? print(int64_t{}) : print(uint64_t{});
}

/// Consumes parts of a message in its usual form.
class plain_reader {
public:
  explicit plain_reader(std::string_view text) : rest_(text) {
    // nop
  }

  /// Consumes `token`, and spaces before it; returns whether it came next.
  bool take(std::string_view token) noexcept {
    while (rest_.starts_with(' '))
      rest_.remove_prefix(1);
    if (!rest_.starts_with(token))
      return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  /// Consumes a string without escapes, up to its closing quotation mark.
  std::string_view take_string() noexcept {
    return take_while([](char c) {
      return c != '"' && c != '\\' && static_cast<uint8_t>(c) >= 0x20;
    });
  }

  std::string_view take_digits() noexcept {
    return take_while([](char c) { return c >= '0' && c <= '9'; });
  }

  bool is_done() const noexcept { return rest_.empty(); }

private:
  template <class Predicate>
  std::string_view take_while(Predicate predicate) noexcept {
    auto end = std::find_if_not(rest_.begin(), rest_.end(), predicate);
    auto size = static_cast<size_t>(end - rest_.begin());
    auto result = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return result;
  }

  std::string_view rest_;
};

} // namespace

std::optional<plain_ingress> read_plain_ingress(std::string_view json,
                                                size_t max_size) noexcept {
  constexpr size_t max_digits = 18;
  plain_reader in{json};
  plain_ingress result;
  if (!in.take("{") || !in.take("\"KEY\"") || !in.take(":"))
    return std::nullopt;
  if (in.take("\"")) {
    result.id = in.take_string();
    if (!in.take("\"") || !is_name(result.id))
      return std::nullopt;
  } else {
    result.id = in.take_digits();
    if (result.id.empty() || result.id.size() > max_digits
        || (result.id.size() > 1 && result.id[0] == '0'))
      return std::nullopt;
  }
  if (!in.take(",") || !in.take("\"VALUE\"") || !in.take(":") || !in.take("\""))
    return std::nullopt;
  result.text = in.take_string();
  if (!in.take("\"") || !in.take("}") || !in.is_done()
      || result.text.size() > max_size || !is_utf8(result.text))
    return std::nullopt;
  return result;
}

caf::expected<ingress_message> parse_ingress(std::string_view text,
                                             size_t max_size) {
  // Parsing more would only delay all other messages.
  if (auto limit = 8 * max_size + 65'536; text.size() > limit)
    return wrong("the message has more than " + std::to_string(limit)
                 + " bytes");
  auto original = text;
  auto mended = mend_surrogates(text);
  text = mended;
  sax_checker check{max_depth};
  if (!json::sax_parse(text, &check))
    return wrong(check.problem());
  // The parser accepts a byte order mark.
  if (text.starts_with("\xef\xbb\xbf"))
    text.remove_prefix(3);
  scanner in{text};
  if (!in.take('{'))
    return wrong("not an object");
  std::string_view key, value;
  while (!in.take('}')) {
    auto name = unquote(in.take_value());
    in.take(':');
    auto item = in.take_value();
    in.take(',');
    if (name == "KEY")
      key = item;
    else if (name == "VALUE")
      value = item;
  }
  if (key.empty())
    return wrong("KEY is missing");
  if (value.empty())
    return wrong("VALUE is missing");
  // Mending keeps all positions. A mended id would belong to nobody.
  auto key_position = static_cast<size_t>(key.data() - mended.data());
  if (original.substr(key_position, key.size()) != key)
    return wrong("KEY has half of a surrogate pair");
  auto id = to_id(key);
  if (!is_name(id))
    return wrong("KEY is neither an id nor an integer of 64 bits");
  auto body = value.starts_with('"') ? unquote(value) : scanner::compact(value);
  if (body.size() > max_size)
    return wrong("VALUE has more than " + std::to_string(max_size) + " bytes");
  return ingress_message{std::move(id), make_text(std::move(body))};
}

} // namespace waybill::redis
