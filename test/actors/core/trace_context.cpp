#define CAF_SUITE trace_context

#include "actors/core/trace_context.hpp"

#include "test/fixture.hpp"

namespace trace_context_suite {

using namespace waybill;

namespace {

// The example of W3C Trace Context, section 3.2.3.
const std::string example
  = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const trace_context parsed{0x0af7651916cd43dd, 0x8448eb211c80319c,
                           0xb7ad6b7169203331};

/// Returns the example with another text at a position.
std::string with(size_t position, const std::string& text) {
  auto result = example;
  return result.replace(position, text.size(), text);
}

} // namespace

CAF_TEST(a traceparent is the ids of a trace and a span) {
  CAF_CHECK(parse_traceparent(example) == parsed);
  CAF_CHECK_EQUAL(to_string(parsed), example);
  CAF_CHECK_EQUAL(trace_id_of(parsed), example.substr(3, 32));
  CAF_CHECK_EQUAL(format_span_id(1), "0000000000000001");
}

CAF_TEST(a trace that is not recorded has no context) {
  CAF_CHECK(!parse_traceparent(with(53, "00")));
  CAF_CHECK(!parse_traceparent(with(53, "02")));
  CAF_CHECK(parse_traceparent(with(53, "03")) == parsed);
}

CAF_TEST(a later version may have more members) {
  CAF_CHECK(parse_traceparent(with(0, "cc")) == parsed);
  CAF_CHECK(parse_traceparent(with(0, "cc") + "-more") == parsed);
  CAF_CHECK(!parse_traceparent(with(0, "cc") + ".more"));
  CAF_CHECK(!parse_traceparent(example + "-more"));
}

CAF_TEST(a malformed traceparent has no context) {
  for (auto& text :
       {std::string{}, std::string{"00"}, example.substr(0, 54), example + "0",
        with(0, "ff"), with(0, "0g"), with(2, "_"), with(35, "_"),
        with(52, "_"), with(3, "0AF7"), with(3, std::string(32, '0')),
        with(36, std::string(16, '0')), with(53, "+1"), with(36, "-7ad")})
    CAF_CHECK(!parse_traceparent(text));
  for (size_t size = 0; size < example.size(); ++size)
    CAF_CHECK(!parse_traceparent(example.substr(0, size)));
}

CAF_TEST(ids of spans are random) {
  CAF_CHECK_NOT_EQUAL(make_span_id(), make_span_id());
}

} // namespace trace_context_suite
