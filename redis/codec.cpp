#include "redis/codec.hpp"

#include <optional>
#include <utility>

#include <openssl/evp.h>

#include "actors/core/text.hpp"
#include "redis/members.hpp"
#include "redis/pack.hpp"
#include "redis/plain_push.hpp"

namespace waybill::redis {

namespace {

/// Names of the kinds of messages; a push has none.
constexpr auto kick_kind = "kick";
constexpr auto claim_kind = "claim";

std::string name_of(query::kind type) {
  return type == query::kind::sessions  ? "inspect"
         : type == query::kind::metrics ? "figures"
                                        : to_string(type);
}

/// Tells whether the subject of a query is a topic.
bool has_topic(query::kind type) {
  return type == query::kind::subscribe || type == query::kind::unsubscribe;
}

/// Returns the kind of query of that name, if there is one.
std::optional<query::kind> to_query_kind(std::string_view name) {
  for (size_t i = 0; i <= static_cast<size_t>(query::last_kind); ++i)
    if (auto type = static_cast<query::kind>(i); name_of(type) == name)
      return type;
  return std::nullopt;
}

/// Packs a map whose last member still gets its value.
std::string pack_open(const json& map, std::string_view last) {
  auto result = pack(map);
  // A map of up to 15 members has their number in its first byte.
  ++result[0];
  json::to_msgpack(last, result);
  return result;
}

/// Decodes a message in one pass over its MessagePack.
class message_reader : public sax_handler {
public:
  message_reader() : sax_handler(deepest) {
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
    else if (name_ == "collapse")
      push_.collapse = std::move(value);
    else if (name_ == "traceparent")
      push_.context = parse_traceparent(value);
    else if (name_ == "reason")
      reason_ = std::move(value);
    else if (name_ == "entry")
      push_.entry = std::move(value);
    else if (name_ == "id" || name_ == "topic")
      subject_ = std::move(value);
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
    if (depth() != 1)
      return true;
    if (name_ == "want")
      push_.want = to_receipt_level(value).value_or(receipt_level::routed);
    else if (name_ == "claim")
      claim_.number = value;
    else if (name_ == "ttl")
      push_.ttl = to_ttl(value);
    else if (name_ == "fresh")
      push_.fresh = to_ttl(value);
    else if (name_ == "retain")
      push_.retain = to_ttl(value);
    return true;
  }

  caf::expected<bus_message> result() && {
    if (has_kind_)
      return std::move(*this).of_kind();
    if (!has_body_)
      return wrong("a push without a body");
    if (push_.body.type() == payload::format::text
        && !is_utf8(push_.body.bytes()))
      return wrong("a text that is not UTF-8");
    return bus_message{std::move(push_)};
  }

private:
  void set_body(payload body) {
    push_.body = std::move(body);
    has_body_ = true;
  }

  /// Returns the message of the kind that was read.
  caf::expected<bus_message> of_kind() && {
    if (kind_ == kick_kind)
      return bus_message{kick{std::move(push_.id),
                              is_reason(reason_) ? std::move(reason_) : ""}};
    if (kind_ == claim_kind)
      return bus_message{claim_};
    auto type = to_query_kind(kind_);
    if (!type)
      return caf::error{another_kind};
    if (!is_utf8(subject_))
      return wrong("an id that is not UTF-8");
    if (has_topic(*type) && !is_name(subject_))
      return wrong("a topic that is no name");
    return bus_message{query{*type, std::move(subject_), std::move(push_.id),
                             std::move(push_.reply_to), push_.ttl}};
  }

  /// A push, whose id and `reply_to` other messages have, too.
  push push_{""};
  claim claim_;
  std::string name_;
  std::string kind_;
  std::string subject_;
  std::string reason_;
  bool has_kind_ = false;
  bool has_body_ = false;
};

} // namespace

std::string encode(const kick& kick) {
  json result = {{"kind", kick_kind}, {"push", kick.id}};
  if (!kick.reason.empty())
    result["reason"] = kick.reason;
  return pack(result);
}

std::string encode(const query& query) {
  json result = {{"push", query.id}, {"kind", name_of(query.type)}};
  if (query.type == query::kind::trace)
    result["id"] = query.subject;
  if (has_topic(query.type))
    result["topic"] = query.subject;
  if (query.ttl.count() > 0)
    result["ttl"] = static_cast<uint64_t>(query.ttl.count());
  if (!query.reply_to.empty()) {
    result["to"] = query.reply_to;
    result["want"] = 0u;
  }
  return pack(result);
}

std::string encode_claim() {
  return pack_open({{"kind", claim_kind}, {"push", ""}}, "claim");
}

void append_entry(std::string& bytes, std::string_view entry) {
  bytes += static_cast<char>(0xa0 + entry.size());
  bytes += entry;
}

caf::expected<bus_message> decode(std::string_view bytes) {
  if (auto push = read_plain_push(bytes))
    return bus_message{*std::move(push)};
  return decode_any(bytes);
}

caf::expected<bus_message> decode_any(std::string_view bytes) {
  message_reader reader;
  if (!json::sax_parse(bytes, &reader, json::input_format_t::msgpack))
    return wrong("not MessagePack");
  return std::move(reader).result();
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

namespace {

std::string base64_of(std::string_view bytes) {
  std::string result((bytes.size() + 2) / 3 * 4, '\0');
  // OpenSSL ends the digits with a null, for which a string has room.
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(result.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  return result;
}

} // namespace

std::vector<std::pair<std::string, std::string>>
fields_of(const client_message& message) {
  auto bytes = message.body.bytes();
  if (message.body.type() == payload::format::text)
    return {{"KEY", message.id}, {"VALUE", std::string{bytes}}};
  return {
    {"KEY", message.id}, {"VALUE", base64_of(bytes)}, {"ENCODING", "base64"}};
}

std::string encode(const client_message& message) {
  nlohmann::ordered_json result;
  for (auto& [name, value] : fields_of(message))
    result[name] = std::move(value);
  return result.dump();
}

} // namespace waybill::redis
