#include "redis/codec.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/archive/iterators/base64_from_binary.hpp>
#include <boost/archive/iterators/transform_width.hpp>

#include "actors/core/text.hpp"
#include "redis/pack.hpp"
#include "redis/sax_handler.hpp"

namespace waybill::redis {

namespace {

/// Maximum nesting of a message: this release needs 5, a newer one may need
/// more, and the parser recurses.
constexpr size_t deepest = 64;

/// Names of the kinds of pushes; a message has none.
constexpr std::pair<push::kind, std::string_view> kinds[] = {
  {push::kind::kick, "kick"},       {push::kind::inspect, "inspect"},
  {push::kind::claim, "claim"},     {push::kind::trace, "trace"},
  {push::kind::metrics, "figures"},
};

// -- members of a map, each of which may be missing or of another type --------

/// Parses MessagePack; returns null for anything else.
json unpack(std::string_view bytes) {
  sax_checker check{deepest};
  if (!json::sax_parse(bytes, &check, json::input_format_t::msgpack))
    return nullptr;
  return json::from_msgpack(bytes);
}

std::string text_in(const json& map, const char* name) {
  auto found = map.find(name);
  return found != map.end() && found->is_string() ? found->get<std::string>()
                                                  : std::string{};
}

uint64_t number_in(const json& map, const char* name) {
  auto found = map.find(name);
  return found != map.end() && found->is_number_unsigned()
           ? found->get<uint64_t>()
           : 0;
}

int64_t integer_in(const json& map, const char* name) {
  auto found = map.find(name);
  return found != map.end() && found->is_number_integer()
           ? found->get<int64_t>()
           : 0;
}

bool flag_in(const json& map, const char* name) {
  auto found = map.find(name);
  return found != map.end() && found->is_boolean() && found->get<bool>();
}

/// Returns a map or list in a map, or null.
const json& part_in(const json& map, const char* name) {
  static const json nothing;
  auto found = map.find(name);
  return found != map.end() && found->is_structured() ? *found : nothing;
}

// -- parts of messages --------------------------------------------------------

struct count_member {
  const char* name;
  uint64_t delivery_counts::*value;
};

constexpr count_member count_members[] = {
  {"nodes", &delivery_counts::nodes},
  {"sessions", &delivery_counts::sessions},
  {"written", &delivery_counts::written},
  {"received", &delivery_counts::received},
  {"lost", &delivery_counts::lost},
  {"dropped", &delivery_counts::dropped},
};

void add_counts(json& to, const delivery_counts& counts) {
  for (auto& member : count_members)
    if (auto value = counts.*member.value; value > 0)
      to[member.name] = value;
}

delivery_counts counts_in(const json& map) {
  delivery_counts result;
  for (auto& member : count_members)
    result.*member.value = number_in(map, member.name);
  return result;
}

json json_of(const trace_event& event) {
  json result = {{"hop", to_string(event.type)}, {"at", event.at}};
  if (!event.push.empty())
    result["push"] = event.push;
  if (event.delivery > 0)
    result["delivery"] = event.delivery;
  if (!event.peer.empty())
    result["peer"] = event.peer;
  if (event.count > 0)
    result["count"] = event.count;
  if (!event.text.empty())
    result["text"] = event.text;
  return result;
}

/// Returns nothing for a kind of event that this release does not know.
std::optional<trace_event> to_trace_event(const json& map) {
  auto name = text_in(map, "hop");
  for (size_t i = 0; i <= static_cast<size_t>(trace_event::last_kind); ++i)
    if (auto kind = static_cast<trace_event::kind>(i); to_string(kind) == name)
      return trace_event{"",
                         kind,
                         integer_in(map, "at"),
                         text_in(map, "push"),
                         number_in(map, "delivery"),
                         text_in(map, "peer"),
                         number_in(map, "count"),
                         text_in(map, "text")};
  return std::nullopt;
}

json json_of(const report& report) {
  json result = {{"push", report.push}};
  add_counts(result, report.counts);
  if (report.settled)
    result["settled"] = true;
  for (auto& session : report.details)
    result["details"].push_back(
      {{"peer", session.peer}, {"age", session.age}, {"queue", session.queue}});
  for (auto& event : report.trace)
    result["trace"].push_back(json_of(event));
  if (!report.metrics.version.empty())
    result["version"] = report.metrics.version;
  if (!report.metrics.values.empty())
    result["figures"] = report.metrics.values;
  return result;
}

report to_report(const json& map, const std::string& node) {
  report result{text_in(map, "push"), ""};
  result.node = node;
  result.counts = counts_in(map);
  result.settled = flag_in(map, "settled");
  for (auto& session : part_in(map, "details"))
    result.details.push_back({node, text_in(session, "peer"),
                              number_in(session, "age"),
                              number_in(session, "queue")});
  for (auto& event : part_in(map, "trace"))
    if (auto known = to_trace_event(event))
      result.trace.push_back(*std::move(known));
  result.metrics.version = text_in(map, "version");
  for (auto& [name, value] : part_in(map, "figures").items())
    if (value.is_number_unsigned())
      result.metrics.values[name] = value.get<uint64_t>();
  return result;
}

/// Decodes a push in one pass over its MessagePack.
class push_reader : public sax_handler {
public:
  push_reader() : sax_handler(deepest) {
    // nop
  }

  bool key(string_t& name) override {
    // Nested members belong to an unknown member.
    name_ = depth() == 1 ? std::move(name) : string_t{};
    has_kind_ = has_kind_ || name_ == "kind";
    return true;
  }

  bool string(string_t& value) override {
    if (depth() != 1)
      return true;
    if (name_ == "kind")
      kind_ = std::move(value);
    else if (name_ == "push")
      push_.id = std::move(value);
    else if (name_ == "to")
      push_.reply_to = std::move(value);
    else if (name_ == "entry")
      push_.entry = std::move(value);
    else if (name_ == "id")
      id_ = std::move(value);
    else if (name_ == "text")
      set_body(make_text(std::move(value)));
    return true;
  }

  bool binary(binary_t& value) override {
    if (depth() == 1 && name_ == "data")
      set_body(payload{payload::format::binary,
                       std::string{value.begin(), value.end()}});
    return true;
  }

  bool number_unsigned(number_unsigned_t value) override {
    constexpr uint64_t longest = std::chrono::milliseconds{longest_ttl}.count();
    if (depth() != 1)
      return true;
    if (name_ == "want")
      push_.want = to_receipt_level(value).value_or(receipt_level::routed);
    else if (name_ == "claim")
      push_.claim = value;
    else if (name_ == "ttl")
      push_.ttl = std::chrono::milliseconds{std::min(value, longest)};
    return true;
  }

  caf::expected<push> result() && {
    if (has_kind_) {
      auto known = std::find_if(std::begin(kinds), std::end(kinds),
                                [this](auto& x) { return x.second == kind_; });
      if (known == std::end(kinds))
        return caf::error{another_kind};
      push_.type = known->first;
      push_.body = make_text(std::move(id_));
    } else if (!has_body_) {
      return wrong("a push without a body");
    }
    if (push_.body.type() == payload::format::text
        && !is_utf8(push_.body.bytes()))
      return wrong("a text that is not UTF-8");
    return std::move(push_);
  }

private:
  void set_body(payload body) {
    push_.body = std::move(body);
    has_body_ = true;
  }

  push push_{""};
  std::string name_;
  std::string kind_;
  std::string id_;
  bool has_kind_ = false;
  bool has_body_ = false;
};

} // namespace

std::string encode(const push& push) {
  json result = {{"push", push.id}};
  for (auto& [type, name] : kinds)
    if (type == push.type)
      result["kind"] = name;
  auto bytes = push.body.bytes();
  if (push.type == push::kind::trace)
    result["id"] = bytes;
  else if (push.type == push::kind::message
           && push.body.type() == payload::format::text)
    result["text"] = bytes;
  else if (push.type == push::kind::message)
    result["data"] = json::binary(
      json::binary_t::container_type{bytes.begin(), bytes.end()});
  if (!push.reply_to.empty()) {
    result["to"] = push.reply_to;
    result["want"] = static_cast<unsigned>(push.want);
  }
  if (push.ttl.count() > 0)
    result["ttl"] = push.ttl.count();
  auto out = pack(result);
  auto is_claim = push.type == push::kind::claim;
  if (is_claim || push.ttl.count() > 0) {
    // A map of up to 15 members has their number in its first byte.
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
  if (!json::sax_parse(bytes, &reader, json::input_format_t::msgpack))
    return wrong("not MessagePack");
  return std::move(reader).result();
}

std::string encode(const node_message& message) {
  if (!message.probe.empty())
    return pack(
      {{"kind", "probe"}, {"node", message.node}, {"push", message.probe}});
  json reports = json::array();
  for (auto& report : message.reports)
    reports.push_back(json_of(report));
  return pack({{"kind", "reports"},
               {"node", message.node},
               {"reports", std::move(reports)}});
}

caf::expected<node_message> decode_node_message(std::string_view bytes) {
  auto all = unpack(bytes);
  if (!all.is_object() || !all.contains("kind"))
    return wrong("not a message between nodes");
  auto kind = text_in(all, "kind");
  if (kind != "reports" && kind != "probe")
    return caf::error{another_kind};
  node_message result{text_in(all, "node")};
  if (result.node.empty())
    return wrong("a message of no node");
  if (kind == "probe")
    result.probe = text_in(all, "push");
  else
    for (auto& report : part_in(all, "reports"))
      result.reports.push_back(to_report(report, result.node));
  return result;
}

std::string encode(const outcome& outcome) {
  json result = {{"kind", "outcome"},
                 {"push", outcome.push},
                 {"want", static_cast<unsigned>(outcome.want)}};
  if (outcome.kept)
    result["kept"] = true;
  add_counts(result, outcome.counts);
  if (outcome.unknown > 0)
    result["unknown"] = outcome.unknown;
  return pack(result);
}

caf::expected<outcome> decode_outcome(std::string_view bytes) {
  auto all = unpack(bytes);
  if (!all.is_object() || !all.contains("kind"))
    return wrong("not the outcome of a push");
  if (text_in(all, "kind") != "outcome")
    return caf::error{another_kind};
  return outcome{
    text_in(all, "push"),
    to_receipt_level(number_in(all, "want")).value_or(receipt_level::routed),
    flag_in(all, "kept"), counts_in(all), number_in(all, "unknown")};
}

std::string encode(const client_message& message) {
  auto bytes = message.body.bytes();
  nlohmann::ordered_json result = {{"KEY", message.id}};
  if (message.body.type() == payload::format::text) {
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
