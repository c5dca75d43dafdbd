#define CAF_SUITE members

#include "redis/members.hpp"

#include <caf/test/dsl.hpp>

#include "redis/pack.hpp"

namespace members_suite {

using namespace waybill;
using namespace waybill::redis;

namespace {

const json map = {{"text", "a"},  {"number", 7u},   {"negative", -7},
                  {"flag", true}, {"list", {1, 2}}, {"null", nullptr}};

} // namespace

CAF_TEST(a member that is missing or of another type has a default) {
  CAF_CHECK_EQUAL(text_in(map, "text"), "a");
  CAF_CHECK_EQUAL(number_in(map, "number"), 7u);
  CAF_CHECK_EQUAL(integer_in(map, "negative"), -7);
  CAF_CHECK(flag_in(map, "flag"));
  CAF_CHECK_EQUAL(part_in(map, "list").size(), 2u);
  for (auto other : {"negative", "list", "null", "missing"}) {
    CAF_CHECK_EQUAL(text_in(map, other), "");
    CAF_CHECK_EQUAL(number_in(map, other), 0u);
    CAF_CHECK(!flag_in(map, other));
  }
  for (auto other : {"text", "number", "null", "missing"})
    CAF_CHECK(part_in(map, other).is_null());
  CAF_CHECK_EQUAL(integer_in(map, "text"), 0);
}

CAF_TEST(a time to live has a maximum) {
  using namespace std::chrono_literals;
  CAF_CHECK(to_ttl(0) == 0ms);
  CAF_CHECK(to_ttl(1500) == 1500ms);
  auto longest
    = static_cast<uint64_t>(std::chrono::milliseconds{longest_ttl}.count());
  for (auto value : {longest, longest + 1, ~uint64_t{0}})
    CAF_CHECK(to_ttl(value) == longest_ttl);
}

CAF_TEST(counts take no more room than they need) {
  delivery_counts counts;
  counts.nodes = 2;
  counts.dropped = 1;
  json to = {{"push", "p"}};
  add_counts(to, counts);
  CAF_CHECK_EQUAL(to.size(), 3u);
  CAF_CHECK(counts_in(to) == counts);
  CAF_CHECK(counts_in({{"nodes", "2"}}) == delivery_counts{});
}

CAF_TEST(bytes that are no MessagePack or nested too deep are null) {
  CAF_CHECK(unpack(pack(map)) == map);
  CAF_CHECK(unpack("").is_null());
  CAF_CHECK(unpack("\xc1").is_null());
  auto nested
    = [](size_t depth) { return std::string(depth, '\x91') + '\xc0'; };
  CAF_CHECK(unpack(nested(deepest)).is_array());
  CAF_CHECK(unpack(nested(deepest + 1)).is_null());
}

} // namespace members_suite
