#define CAF_SUITE key_slot

#include "redis/key_slot.hpp"

#include <caf/test/dsl.hpp>

namespace key_slot_suite {

using waybill::redis::key_slot;

// The numbers are what `CLUSTER KEYSLOT` of Redis 7.0.15 replies.

CAF_TEST(a key without a tag is hashed as a whole) {
  CAF_CHECK_EQUAL(key_slot(""), 0u);
  CAF_CHECK_EQUAL(key_slot("123456789"), 12739u);
  CAF_CHECK_EQUAL(key_slot("waybill"), 8266u);
  CAF_CHECK_EQUAL(key_slot("waybill:upstream"), 15786u);
}

CAF_TEST(all keys of an address are in one slot) {
  auto slot = key_slot("waybill:{id:456}");
  CAF_CHECK_EQUAL(slot, key_slot("id:456"));
  for (auto key : {"waybill:mail:{id:456}", "waybill:due:{id:456}",
                   "waybill:owner:{id:456}", "waybill:once:{id:456}:a}b{c"})
    CAF_CHECK_EQUAL(key_slot(key), slot);
}

CAF_TEST(no id escapes from its tag) {
  for (auto id : {"}x", "{a}b", "a}b{c", "{}", "}{"}) {
    auto tag = "{id:" + std::string{id} + '}';
    CAF_CHECK_EQUAL(key_slot("waybill:" + tag),
                    key_slot("waybill:mail:" + tag));
    CAF_CHECK_EQUAL(key_slot("waybill:" + tag),
                    key_slot("waybill:once:" + tag + ":key"));
  }
}

CAF_TEST(an empty or open tag is none) {
  CAF_CHECK_EQUAL(key_slot("a{}b"), 13694u);
  CAF_CHECK_EQUAL(key_slot("a{b"), 13340u);
  CAF_CHECK(key_slot("{}a{b}") != key_slot("b"));
  CAF_CHECK_EQUAL(key_slot("x{b}{c}"), key_slot("b"));
}

} // namespace key_slot_suite
