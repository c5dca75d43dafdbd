#define CAF_SUITE log_fields

#include "net/log_fields.hpp"

#include "test/fixture.hpp"

namespace log_fields_suite {

using namespace waybill::net;

CAF_TEST(fields are members of a JSON object) {
  auto line = log_fields({{"peer", "::1"}, {"id", "a\"\x1f\n"}}) + "it failed";
  auto parts = split_log_fields(line);
  CAF_CHECK_EQUAL(parts.fields, R"(,"peer":"::1","id":"a\"\u001f\n")");
  CAF_CHECK_EQUAL(parts.message, "it failed");
}

CAF_TEST(fields without a value are omitted) {
  auto line = log_fields({{"key", ""}, {"id", "456"}}) + "it failed";
  CAF_CHECK_EQUAL(split_log_fields(line).fields, R"(,"id":"456")");
  line = log_fields({{"key", ""}}) + "it failed";
  CAF_CHECK_EQUAL(split_log_fields(line).fields, "");
  CAF_CHECK_EQUAL(split_log_fields(line).message, "it failed");
}

CAF_TEST(a line needs no fields) {
  for (auto line : {"it failed", ""}) {
    CAF_CHECK_EQUAL(split_log_fields(line).fields, "");
    CAF_CHECK_EQUAL(split_log_fields(line).message, line);
  }
}

} // namespace log_fields_suite
