#include "redis/codec.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <boost/archive/iterators/base64_from_binary.hpp>
#include <boost/archive/iterators/transform_width.hpp>
#include <caf/sec.hpp>
#include <nlohmann/json.hpp>

#include "actors/text.hpp"

namespace waybill::redis {

namespace {

using nlohmann::json;

/// How deep JSON from outside may nest. Nothing here recurses over it, but
/// whoever gets the payload might.
constexpr size_t max_depth = 512;

caf::error wrong(std::string what) {
  return make_error(caf::sec::invalid_argument, std::move(what));
}

/// Reads a document without keeping it; the base of what looks at a part of it.
class visitor : public nlohmann::json_sax<json> {
public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override { return enter(); }
  bool key(string_t&) override { return true; }
  bool end_object() override { return leave(); }
  bool start_array(size_t) override { return enter(); }
  bool end_array() override { return leave(); }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    problem_ = "not JSON at byte " + std::to_string(position);
    return false;
  }

  const std::string& problem() const noexcept { return problem_; }

protected:
  explicit visitor(size_t max_depth) : max_depth_(max_depth) {
    // nop
  }

private:
  bool enter() {
    if (++depth_ <= max_depth_)
      return true;
    problem_ = "nested too deep";
    return false;
  }

  bool leave() {
    --depth_;
    return true;
  }

  const size_t max_depth_;
  size_t depth_ = 0;
  std::string problem_;
};

/// Only checks that a document is well-formed and not nested deeper than that.
class checker : public visitor {
public:
  explicit checker(size_t max_depth) : visitor(max_depth) {
    // nop
  }
};

/// Parses MessagePack, which comes out as nothing if it is anything else.
json parse_msgpack(std::string_view bytes) {
  // No message of ours nests deeper, and the parser recurses.
  constexpr size_t deepest = 5;
  checker check{deepest};
  if (!json::sax_parse(bytes, &check, json::input_format_t::msgpack))
    return nullptr;
  return json::from_msgpack(bytes);
}

/// Picks the members of a push out of its MessagePack.
class push_reader : public visitor {
public:
  push_reader() : visitor(1) {
    // nop
  }

  bool key(string_t& name) override {
    key_ = std::move(name);
    return true;
  }

  bool string(string_t& value) override {
    if (key_ == "push")
      what.id = std::move(value);
    else if (key_ == "to")
      what.reply_to = std::move(value);
    else if (key_ == "entry")
      what.entry = std::move(value);
    else if (key_ == "text")
      what.body = make_text(std::move(value));
    has_body = has_body || key_ == "text";
    return true;
  }

  bool binary(binary_t& value) override {
    if (key_ == "data")
      what.body = payload{payload::format::binary,
                          std::string{value.begin(), value.end()}};
    has_body = true;
    return true;
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (key_ == "want" && value <= static_cast<uint64_t>(level::received))
      what.want = static_cast<level>(value);
    else if (key_ == "ttl")
      what.ttl = std::chrono::milliseconds{value};
    else if (key_ == "claim")
      return is(push::purpose::claim, value);
    return true;
  }

  bool boolean(bool) override {
    return key_ == "kick"      ? is(push::purpose::kick, 0)
           : key_ == "inspect" ? is(push::purpose::inspect, 0)
                               : true;
  }

  push what{""};
  bool has_body = false;

private:
  /// What has a purpose of its own needs no body.
  bool is(push::purpose purpose, uint64_t claim) {
    what.what = purpose;
    what.claim = claim;
    has_body = true;
    return true;
  }

  std::string key_;
};

/// Cuts a text that is known to be JSON into its tokens and values, each as it
/// stands: numbers keep their digits and strings their escapes.
class scanner {
public:
  explicit scanner(std::string_view text) : rest_(text) {
    // nop
  }

  /// Tells whether `c` comes next, and takes it if so.
  bool take(char c) {
    skip_space();
    if (!rest_.starts_with(c))
      return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// Takes a whole value.
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
        // number or a word, which ends where white space or the next token is.
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

/// Returns the text that a JSON string stands for.
std::string unquote(std::string_view value) {
  return json::parse(value).get<std::string>();
}

/// Returns the id that a KEY stands for, or an empty string.
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

} // namespace

caf::expected<open_message> parse_open(std::string_view text, size_t max_size) {
  checker check{max_depth};
  if (!json::sax_parse(text, &check))
    return wrong(check.problem());
  // A byte order mark may stand before it: the parser lets it pass.
  if (text.starts_with("\xef\xbb\xbf"))
    text.remove_prefix(3);
  scanner in{text};
  if (!in.take('{'))
    return wrong("not an object");
  std::string_view key, value;
  while (!in.take('}')) {
    auto name = unquote(in.take_value());
    in.take(':');
    auto what = in.take_value();
    in.take(',');
    if (name == "KEY")
      key = what;
    else if (name == "VALUE")
      value = what;
  }
  if (key.empty())
    return wrong("KEY is missing");
  if (value.empty())
    return wrong("VALUE is missing");
  auto id = to_id(key);
  if (!is_name(id))
    return wrong("KEY is neither an id nor an integer of 64 bits");
  auto body = value.starts_with('"') ? unquote(value) : scanner::compact(value);
  if (body.size() > max_size)
    return wrong("VALUE has more than " + std::to_string(max_size) + " bytes");
  return open_message{std::move(id), make_text(std::move(body))};
}

std::string encode(const push& what) {
  json result = {{"push", what.id}};
  auto bytes = what.body.bytes();
  switch (what.what) {
  case push::purpose::message:
    if (what.body.type() == payload::format::text)
      result["text"] = bytes;
    else
      result["data"] = json::binary(
        json::binary_t::container_type{bytes.begin(), bytes.end()});
    break;
  case push::purpose::kick:
    result["kick"] = true;
    break;
  case push::purpose::inspect:
    result["inspect"] = true;
    break;
  case push::purpose::claim:
    break;
  }
  if (!what.reply_to.empty()) {
    result["to"] = what.reply_to;
    result["want"] = static_cast<unsigned>(what.want);
  }
  if (what.ttl.count() > 0)
    result["ttl"] = what.ttl.count();
  std::string out;
  json::to_msgpack(result, out);
  auto is_claim = what.what == push::purpose::claim;
  if (is_claim || what.ttl.count() > 0) {
    // One member more: a map of up to 15 has their number in its first byte.
    ++out[0];
    json::to_msgpack(is_claim ? "claim" : "entry", out);
  }
  return out;
}

void append_entry(std::string& bytes, std::string_view entry) {
  bytes += static_cast<char>(0xa0 + entry.size());
  bytes += entry;
}

caf::expected<push> decode(std::string_view bytes) {
  push_reader reader;
  if (!json::sax_parse(bytes, &reader, json::input_format_t::msgpack)
      || !reader.has_body
      || (reader.what.body.type() == payload::format::text
          && !is_utf8(reader.what.body.bytes())))
    return wrong("not a push");
  return std::move(reader.what);
}

std::string encode(const node_message& what) {
  json reports = json::array();
  for (auto& each : what.reports) {
    json details = json::array();
    for (auto& x : each.details)
      details.push_back({x.peer, x.age, x.queue});
    auto& n = each.counts;
    reports.push_back({each.push, n.nodes, n.sessions, n.written, n.received,
                       n.lost, each.settled, std::move(details)});
  }
  std::string out;
  json::to_msgpack(
    {{"node", what.node}, {"reports", reports}, {"probe", what.probe}}, out);
  return out;
}

caf::expected<node_message> decode_node_message(std::string_view bytes) {
  try {
    auto all = parse_msgpack(bytes);
    node_message result{all.at("node"), {}, all.at("probe")};
    for (auto& x : all.at("reports")) {
      report each{x.at(0), ""};
      each.node = result.node;
      each.counts = {x.at(1), x.at(2), x.at(3), x.at(4), x.at(5)};
      each.settled = x.at(6);
      for (auto& y : x.at(7))
        each.details.push_back({result.node, y.at(0), y.at(1), y.at(2)});
      result.reports.push_back(std::move(each));
    }
    return result;
  } catch (const json::exception&) {
    return wrong("not a message between nodes");
  }
}

std::string encode(const outcome& what) {
  auto& n = what.counts;
  std::string out;
  json::to_msgpack({what.push, static_cast<unsigned>(what.want), what.kept,
                    n.nodes, n.sessions, n.written, n.received, n.lost,
                    what.unknown},
                   out);
  return out;
}

caf::expected<outcome> decode_outcome(std::string_view bytes) {
  try {
    auto x = parse_msgpack(bytes);
    return outcome{x.at(0),
                   static_cast<level>(x.at(1).get<unsigned>()),
                   x.at(2),
                   {x.at(3), x.at(4), x.at(5), x.at(6), x.at(7)},
                   x.at(8)};
  } catch (const json::exception&) {
    return wrong("not the outcome of a push");
  }
}

std::string encode(const client_message& what) {
  auto bytes = what.body.bytes();
  nlohmann::ordered_json result = {{"KEY", what.id}};
  if (what.body.type() == payload::format::text) {
    result["VALUE"] = bytes;
  } else {
    using namespace boost::archive::iterators;
    using iterator = base64_from_binary<
      transform_width<std::string_view::const_iterator, 6, 8>>;
    std::string encoded{iterator{bytes.begin()}, iterator{bytes.end()}};
    encoded.append((3 - bytes.size() % 3) % 3, '=');
    result["VALUE"] = std::move(encoded);
    result["ENCODING"] = "base64";
  }
  return result.dump();
}

} // namespace waybill::redis
