#define CAF_SUITE recent_records

#include "actors/core/recent_records.hpp"

#include "test/fixture.hpp"

namespace recent_records_suite {

using namespace waybill;

namespace {

struct record {
  uint64_t id;
  int value;
};

using values = std::vector<int>;

values values_of(const recent_records<record>& from, std::string_view id) {
  values result;
  from.for_each(id, [&](const record& x) { result.push_back(x.value); });
  return result;
}

void add(recent_records<record>& to, std::string_view id, int value) {
  to[to.add(id)].value = value;
}

} // namespace

CAF_TEST(it has no records at first) {
  recent_records<record> aut;
  CAF_CHECK_EQUAL(values_of(aut, "456"), values{});
}

CAF_TEST(it has the records of an id in their order) {
  recent_records<record> aut{1, 10};
  add(aut, "456", 1);
  add(aut, "457", 2);
  add(aut, "456", 3);
  CAF_CHECK_EQUAL(values_of(aut, "456"), (values{1, 3}));
  CAF_CHECK_EQUAL(values_of(aut, "457"), values{2});
  CAF_CHECK_EQUAL(values_of(aut, "45"), values{});
}

CAF_TEST(a record displaces the oldest of its bucket) {
  recent_records<record> aut{1, 3};
  for (int i = 1; i <= 3; ++i)
    add(aut, "456", i);
  CAF_CHECK_EQUAL(values_of(aut, "456"), (values{1, 2, 3}));
  add(aut, "457", 4);
  CAF_CHECK_EQUAL(values_of(aut, "456"), (values{2, 3}));
  for (int i = 5; i <= 8; ++i)
    add(aut, "456", i);
  CAF_CHECK_EQUAL(values_of(aut, "456"), (values{6, 7, 8}));
  CAF_CHECK_EQUAL(values_of(aut, "457"), values{});
}

CAF_TEST(a busy id displaces few records of others) {
  recent_records<record> aut;
  for (int i = 0; i < 1000; ++i)
    add(aut, std::to_string(i), i);
  for (int i = 0; i < 100'000; ++i)
    add(aut, "busy", i);
  int left = 0;
  for (int i = 0; i < 1000; ++i)
    left += !values_of(aut, std::to_string(i)).empty();
  // Eight are expected in the bucket of the busy one; its key is random.
  CAF_CHECK_GREATER(left, 900);
  CAF_CHECK_EQUAL(values_of(aut, "busy").size(), 64u);
}

} // namespace recent_records_suite
