// Fuzzes the MessagePack of messages between nodes and of entries in Redis.

#include "redis/codec.hpp"
#include "actors/core/text.hpp"
#include "test/fuzz/require.hpp"

using namespace waybill;
using fuzz::require;

namespace {

void check_push(std::string_view bytes) {
  auto first = redis::decode(bytes);
  if (!first)
    return;
  auto type = first->body.type();
  require(type == payload::format::binary || is_utf8(first->body.bytes()),
          "a text is UTF-8");
  if (first->type == push::kind::claim || first->entry.size() > 31)
    return;
  auto again = redis::encode(*first);
  if (first->ttl.count() > 0)
    redis::append_entry(again, first->entry);
  auto second = redis::decode(again);
  require(second && second->id == first->id && second->type == first->type
            && second->ttl == first->ttl && second->reply_to == first->reply_to,
          "a decoded push can be encoded again");
  require(first->type != push::kind::message
            || (second->body.type() == type
                && second->body.bytes() == first->body.bytes()),
          "the body survives a round trip");
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
    require(x.push == y.push && x.counts == y.counts && x.settled == y.settled
              && x.details == y.details && x.trace == y.trace
              && x.metrics == y.metrics,
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
  check_push(bytes);
  check_node_message(bytes);
  check_outcome(bytes);
  return 0;
}
