#define CAF_SUITE delivery_span

#include "actors/core/delivery_span.hpp"

#include "actors/core/trace_event.hpp"
#include "test/fixture.hpp"

namespace delivery_span_suite {

using namespace waybill;

namespace {

/// Returns the delivery of a push whose span is 3.
delivery_info make_delivery() {
  push push{"p", make_text("a")};
  push.context = trace_context{1, 2, 3};
  return {push_address::id("456"), push, delivery_info::time_point{}};
}

} // namespace

CAF_TEST(a delivery is a part of its push) {
  auto before = trace_time();
  auto delivery = make_delivery();
  auto span = make_delivery_span(delivery, "192.0.2.1:80", "lost");
  CAF_CHECK(span.type == span::kind::deliver);
  CAF_CHECK(before <= span.began && span.began <= span.ended);
  CAF_CHECK_EQUAL(span.parent, 3u);
  CAF_CHECK_NOT_EQUAL(span.context.span, 3u);
  CAF_CHECK_EQUAL(trace_id_of(span.context),
                  "00000000000000010000000000000002");
  CAF_CHECK_EQUAL(span.push + ' ' + span.address + ' ' + span.peer,
                  "p id:456 192.0.2.1:80");
  CAF_CHECK_EQUAL(span.problem, "lost");
}

CAF_TEST(the confirmation of a delivery is a part of it) {
  auto delivery = make_delivery();
  auto delivered = make_delivery_span(delivery, "");
  auto received = make_receive_span(delivery, "192.0.2.1:80", 7);
  CAF_CHECK(received.type == span::kind::receive);
  CAF_CHECK_EQUAL(received.parent, delivered.context.span);
  CAF_CHECK_NOT_EQUAL(received.context.span, delivered.context.span);
  CAF_CHECK_EQUAL(received.began, 7);
  CAF_CHECK(received.ended > 7);
}

CAF_TEST(a push without a trace has no spans) {
  push push{"p", make_text("a")};
  CAF_CHECK(!delivery_info(push_address::id("456"), push, {}).traced);
}

} // namespace delivery_span_suite
