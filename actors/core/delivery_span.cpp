#include "actors/core/delivery_span.hpp"

#include <utility>

#include "actors/core/trace_event.hpp"

namespace waybill {

namespace {

/// Returns a span of the trace of a delivery that ends now.
span make_span(const delivery_info& delivery, span::kind type, int64_t began,
               std::string peer) {
  auto& traced = *delivery.traced;
  return {.type = type,
          .context = traced.context,
          .parent = traced.parent,
          .began = began,
          .ended = trace_time(),
          .address = delivery.address.key(),
          .push = delivery.id,
          .peer = std::move(peer)};
}

} // namespace

span make_delivery_span(const delivery_info& delivery, std::string peer,
                        std::string problem) {
  auto result = make_span(delivery, span::kind::deliver, delivery.traced->began,
                          std::move(peer));
  result.problem = std::move(problem);
  return result;
}

span make_receive_span(const delivery_info& delivery, std::string peer,
                       int64_t written) {
  auto result
    = make_span(delivery, span::kind::receive, written, std::move(peer));
  result.parent = std::exchange(result.context.span, make_span_id());
  return result;
}

} // namespace waybill
