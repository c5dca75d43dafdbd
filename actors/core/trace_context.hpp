#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waybill {

/// Place of a span in a distributed trace that is recorded (W3C Trace Context).
struct trace_context {
  /// The halves of the id of the trace.
  uint64_t trace_high = 0;
  uint64_t trace_low = 0;

  /// The id of the span, which is not 0.
  uint64_t span = 0;

  friend bool operator==(const trace_context&, const trace_context&) = default;
};

/// Parses the value of a `traceparent` field (section 3.2).
/// @returns nothing if it is malformed, or if its trace is not recorded.
std::optional<trace_context> parse_traceparent(std::string_view text);

/// Formats a `traceparent` field of version 00.
std::string to_string(const trace_context& x);

/// Formats the id of a trace, as 32 hexadecimal digits.
std::string trace_id_of(const trace_context& x);

/// Formats the id of a span, as 16 hexadecimal digits.
std::string format_span_id(uint64_t id);

/// Returns a random id for a span.
uint64_t make_span_id();

} // namespace waybill
