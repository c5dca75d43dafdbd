// Fuzzes the MessagePack of messages between nodes and of entries in Redis.

#include "redis/node_message.hpp"

#include <variant>

#include "actors/core/text.hpp"
#include "redis/plain_push.hpp"
#include "test/fuzz/require.hpp"

using namespace waybill;
using fuzz::require;

namespace {

/// Decodes a message that was encoded again.
template <class T>
T decoded(std::string_view bytes) {
  auto message = redis::decode(bytes);
  require(message && std::holds_alternative<T>(*message),
          "a decoded message can be encoded again");
  return std::get<T>(std::move(*message));
}

bool equal(const push& x, const push& y) {
  return x.id == y.id && x.body == y.body && x.want == y.want
         && x.reply_to == y.reply_to && x.ttl == y.ttl && x.entry == y.entry
         && x.collapse == y.collapse && x.fresh == y.fresh
         && x.retain == y.retain;
}

void check(const push& first) {
  auto type = first.body.type();
  require(type == payload::format::binary || is_utf8(first.body.bytes()),
          "a text is UTF-8");
  if (first.entry.size() > 31)
    return;
  auto bytes = redis::encode(first);
  if (first.ttl.count() > 0)
    redis::append_entry(bytes, first.entry);
  auto second = decoded<push>(bytes);
  require(second.id == first.id && second.ttl == first.ttl
            && second.reply_to == first.reply_to && second.body == first.body
            && second.collapse == first.collapse && second.fresh == first.fresh
            && second.retain == first.retain,
          "a push survives a round trip");
  auto plain = redis::read_plain_push(bytes);
  auto is_usual = first.collapse.empty() && first.fresh.count() == 0
                  && first.retain.count() == 0;
  require(is_usual ? plain && equal(*plain, second) : !plain,
          "a push without limits has its usual form");
}

void check(const last_value&) {
  require(false, "no node sends a last value");
}

void check(const kick& first) {
  auto second = decoded<kick>(redis::encode(first));
  require(second.id == first.id && second.reason == first.reason,
          "a kick survives a round trip");
}

void check(const claim& first) {
  auto bytes = redis::encode_claim() + '\xcf';
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes += static_cast<char>(first.number >> shift);
  auto second = decoded<claim>(bytes);
  require(second.number == first.number, "a claim survives a round trip");
}

bool has_subject(const query& x) {
  return x.type == query::kind::trace || x.type == query::kind::subscribe
         || x.type == query::kind::unsubscribe;
}

void check(const query& first) {
  auto second = decoded<query>(redis::encode(first));
  require(second.type == first.type && second.id == first.id
            && second.reply_to == first.reply_to && second.ttl == first.ttl
            && (!has_subject(first) || second.subject == first.subject),
          "a query survives a round trip");
}

void check_plain_push(std::string_view bytes) {
  auto plain = redis::read_plain_push(bytes);
  if (!plain)
    return;
  auto message = redis::decode_any(bytes);
  require(message && std::holds_alternative<push>(*message)
            && equal(std::get<push>(*message), *plain),
          "both readers give one answer");
}

void check_bus_message(std::string_view bytes) {
  if (auto message = redis::decode(bytes))
    std::visit([](auto& x) { check(x); }, *message);
}

void check_node_message(std::string_view bytes) {
  auto first = redis::decode_node_message(bytes);
  if (!first)
    return;
  auto second = redis::decode_node_message(redis::encode(*first));
  require(second && second->node == first->node && second->probe == first->probe
            && second->reports.size() == first->reports.size(),
          "a decoded message between nodes can be encoded again");
  for (size_t i = 0; i < first->reports.size(); ++i) {
    auto& x = first->reports[i];
    auto& y = second->reports[i];
    require(x.push == y.push && x.content == y.content,
            "reports survive a round trip");
  }
}

void check_outcome(std::string_view bytes) {
  auto first = redis::decode_outcome(bytes);
  if (!first)
    return;
  auto second = redis::decode_outcome(redis::encode(*first));
  require(second && second->push == first->push && second->want == first->want
            && second->kept == first->kept && second->counts == first->counts
            && second->unknown == first->unknown,
          "a decoded outcome can be encoded again");
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto bytes = fuzz::text_of(data, size);
  check_plain_push(bytes);
  check_bus_message(bytes);
  check_node_message(bytes);
  check_outcome(bytes);
  return 0;
}
