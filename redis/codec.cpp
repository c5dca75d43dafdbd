#include "redis/codec.hpp"

#include <boost/archive/iterators/base64_from_binary.hpp>
#include <boost/archive/iterators/transform_width.hpp>

#include "actors/text.hpp"
#include "redis/visitor.hpp"

namespace waybill::redis {

namespace {

/// Parses MessagePack, which comes out as nothing if it is anything else.
json parse_msgpack(std::string_view bytes) {
  // No message of ours nests deeper, and the parser recurses.
  constexpr size_t deepest = 5;
  checker check{deepest};
  if (!json::sax_parse(bytes, &check, json::input_format_t::msgpack))
    return nullptr;
  return json::from_msgpack(bytes);
}

/// Returns a number that is nothing else, a fraction say.
uint64_t number(const json& x) {
  return x.get_ref<const json::number_unsigned_t&>();
}

/// @throws json::exception if `x` is not the number of a kind.
hop::kind to_kind(uint64_t x) {
  if (x > static_cast<uint64_t>(hop::last_kind))
    throw json::other_error::create(501, "no kind of hop", nullptr);
  return static_cast<hop::kind>(x);
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
    else if (key_ == "text" || key_ == "trace")
      what.body = make_text(std::move(value));
    if (key_ == "trace")
      what.what = push::purpose::trace;
    has_body = has_body || key_ == "text" || key_ == "trace";
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
    else if (key_ == "claim")
      return is(push::purpose::claim, value);
    else if (key_ == "ttl")
      return keep_for(value);
    return true;
  }

  bool boolean(bool) override {
    return key_ == "kick"      ? is(push::purpose::kick, 0)
           : key_ == "inspect" ? is(push::purpose::inspect, 0)
           : key_ == "figures" ? is(push::purpose::figures, 0)
                               : true;
  }

  push what{""};
  bool has_body = false;

private:
  bool keep_for(uint64_t milliseconds) {
    constexpr auto most = std::chrono::milliseconds{longest_ttl}.count();
    if (milliseconds > static_cast<uint64_t>(most))
      return false;
    what.ttl = std::chrono::milliseconds{milliseconds};
    return true;
  }

  /// What has a purpose of its own needs no body.
  bool is(push::purpose purpose, uint64_t claim) {
    what.what = purpose;
    what.claim = claim;
    has_body = true;
    return true;
  }

  std::string key_;
};

} // namespace

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
  case push::purpose::trace:
    result["trace"] = bytes;
    break;
  case push::purpose::figures:
    result["figures"] = true;
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
    json trace = json::array();
    for (auto& x : each.trace)
      trace.push_back({static_cast<unsigned>(x.what), x.at, x.push, x.delivery,
                       x.peer, x.count, x.text});
    auto& n = each.counts;
    reports.push_back({each.push, n.nodes, n.sessions, n.written, n.received,
                       n.lost, n.dropped, each.settled, std::move(details),
                       std::move(trace), each.figures});
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
      each.counts = {number(x.at(1)), number(x.at(2)), number(x.at(3)),
                     number(x.at(4)), number(x.at(5)), number(x.at(6))};
      each.settled = x.at(7);
      for (auto& y : x.at(8))
        each.details.push_back(
          {result.node, y.at(0), number(y.at(1)), number(y.at(2))});
      for (auto& y : x.at(9))
        each.trace.push_back({"", to_kind(number(y.at(0))), y.at(1), y.at(2),
                              number(y.at(3)), y.at(4), number(y.at(5)),
                              y.at(6)});
      for (auto& [name, value] : x.at(10).items())
        each.figures[name] = number(value);
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
                    n.dropped, what.unknown},
                   out);
  return out;
}

caf::expected<outcome> decode_outcome(std::string_view bytes) {
  try {
    auto x = parse_msgpack(bytes);
    auto want = number(x.at(1));
    if (want > static_cast<uint64_t>(level::received))
      return wrong("an outcome at no level");
    return outcome{x.at(0),
                   static_cast<level>(want),
                   x.at(2),
                   {number(x.at(3)), number(x.at(4)), number(x.at(5)),
                    number(x.at(6)), number(x.at(7)), number(x.at(8))},
                   number(x.at(9))};
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
