#define CAF_SUITE names

#include "redis/names.hpp"

#include <caf/test/dsl.hpp>

namespace names_suite {

using namespace waybill;
using namespace waybill::redis;

namespace {

const names aut{"waybill"};

/// Returns the hash tag by which a Redis Cluster assigns a name to a slot: the
/// text between the first opening brace and the next closing one, unless that
/// is empty.
std::string tag_of(const std::string& name) {
  auto begin = name.find('{');
  if (begin == name.npos)
    return name;
  auto end = name.find('}', begin + 1);
  return end == name.npos || end == begin + 1
           ? name
           : name.substr(begin + 1, end - begin - 1);
}

} // namespace

CAF_TEST(a channel is named by its address) {
  CAF_CHECK_EQUAL(aut.channel_of(push_address::id("456")), "waybill:{id:456}");
  CAF_CHECK_EQUAL(aut.channel_of(push_address::topic("news")),
                  "waybill:{topic:news}");
  CAF_CHECK_EQUAL(aut.channel_of(push_address::everyone()), "waybill:{all}");
  CAF_CHECK_EQUAL(aut.channel_of_nodes(), "waybill:{nodes}");
  CAF_CHECK_EQUAL(aut.channel_of_node("n1"), "waybill:{node:n1}");
  CAF_CHECK_EQUAL(aut.upstream(), "waybill:upstream");
}

CAF_TEST(a key is named by its kind and address) {
  auto id456 = push_address::id("456");
  CAF_CHECK_EQUAL(aut.inbox_of(id456), "waybill:mail:{id:456}");
  CAF_CHECK_EQUAL(aut.due_of(id456), "waybill:due:{id:456}");
  CAF_CHECK_EQUAL(aut.owner_of(id456), "waybill:owner:{id:456}");
  CAF_CHECK_EQUAL(aut.once_of(id456, "k"), "waybill:once:{id:456}:k");
  CAF_CHECK_EQUAL(aut.once_of(push_address::topic("news"), "k"),
                  "waybill:once:{topic:news}:k");
  CAF_CHECK_EQUAL(aut.once_of(push_address::everyone(), "k"),
                  "waybill:once:{all}:k");
  CAF_CHECK_EQUAL(aut.dead_letters(), "waybill:dead");
  CAF_CHECK_EQUAL(aut.dead_letter_counts("5e"), "{waybill:dead}:5e");
}

CAF_TEST(all names of an address share a slot whatever its id is) {
  for (auto id : {"456", "}x", "{a}b", "a}b{c", "{}", "}", "{", "{x}"}) {
    auto address = push_address::id(id);
    auto channel = aut.channel_of(address);
    auto tag = tag_of(channel);
    CAF_CHECK(tag.starts_with("id:"));
    CAF_CHECK_EQUAL(tag_of(aut.inbox_of(address)), tag);
    CAF_CHECK_EQUAL(tag_of(aut.due_of(address)), tag);
    CAF_CHECK_EQUAL(tag_of(aut.owner_of(address)), tag);
    for (auto key : {"k", "}", "{", "{k}"})
      CAF_CHECK_EQUAL(tag_of(aut.once_of(address, key)), tag);
  }
  CAF_MESSAGE("and so do the dead letters");
  CAF_CHECK_EQUAL(tag_of(aut.dead_letter_counts("5e")),
                  tag_of(aut.dead_letters()));
}

CAF_TEST(different addresses have different names) {
  CAF_CHECK_NOT_EQUAL(aut.channel_of(push_address::id("a")),
                      aut.channel_of(push_address::topic("a")));
  CAF_CHECK_NOT_EQUAL(aut.inbox_of(push_address::id("a}")),
                      aut.inbox_of(push_address::id("a")));
  CAF_CHECK_NOT_EQUAL(aut.once_of(push_address::id("a"), "b"),
                      aut.once_of(push_address::id("a}:b"), ""));
  CAF_CHECK_NOT_EQUAL(aut.channel_of(aut.unused_address()),
                      aut.channel_of(push_address::id("")));
}

CAF_TEST(each master of a Redis Cluster has its own names of nodes) {
  waybill::redis::names aut{"waybill"};
  slot_set slots;
  slots.set(key_slot("node:n1:2"));
  slots.set(key_slot("nodes:1"));
  slots.set(key_slot("id:/:3"));
  aut.set_slots(slots);
  CAF_CHECK_EQUAL(aut.channel_of_node("n1"), "waybill:{node:n1:2}");
  CAF_CHECK_EQUAL(aut.channel_of_nodes(), "waybill:{nodes:1}");
  CAF_CHECK_EQUAL(aut.unused_address().key(), "id:/:3");
  CAF_MESSAGE("and one of them has the name without a number");
  slots.set(key_slot("nodes"));
  slots.set(key_slot("node:n1:0"));
  aut.set_slots(slots);
  CAF_CHECK_EQUAL(aut.channel_of_node("n1"), "waybill:{node:n1:0}");
  CAF_CHECK_EQUAL(aut.channel_of_nodes(), "waybill:{nodes}");
}

CAF_TEST(channels of nodes are known by their names) {
  waybill::redis::names aut{"waybill"};
  CAF_CHECK(aut.is_channel_of_node("waybill:{node:n1}"));
  CAF_CHECK(aut.is_channel_of_node("waybill:{node:n1:7}"));
  CAF_CHECK(!aut.is_channel_of_node("waybill:{nodes}"));
  CAF_CHECK(!aut.is_channel_of_node("waybill:{id:node:n1}"));
  CAF_CHECK(!aut.is_channel_of_node("waybill"));
  CAF_CHECK(aut.is_channel_of_nodes("waybill:{nodes}"));
  CAF_CHECK(aut.is_channel_of_nodes("waybill:{nodes:7}"));
  CAF_CHECK(!aut.is_channel_of_nodes("waybill:{id:nodes}"));
  CAF_CHECK(!aut.is_channel_of_nodes("other:{nodes}"));
}

} // namespace names_suite
