#include "net/api/push_response.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace waybill::net {

namespace {

/// The meaning of an outcome.
struct verdict {
  http::status status;

  /// The code and the message of an error; empty for a success.
  std::string_view error = {};
  std::string_view message = {};
};

verdict verdict_of(const outcome& outcome) {
  auto reached = outcome.want == receipt_level::routed ? outcome.counts.nodes
                 : outcome.want == receipt_level::written
                   ? outcome.counts.written
                   : outcome.counts.received;
  if (reached > 0 && outcome.unknown == 0)
    return {http::status::ok};
  if (outcome.kept)
    return {http::status::accepted};
  if (is_nobody(outcome))
    return {http::status::not_found, "nobody",
            "nobody holds this address, and nothing was kept"};
  return {http::status::gateway_timeout, "unanswered",
          outcome.unknown > 0 ? "the push may or may not have arrived"
                              : "no session reached the receipt level in time"};
}

/// Calls `add` with the name and value of each member of a body: an error, and
/// the delivery counts that are known at the push's receipt level.
template <class Add>
void for_each_member(const verdict& verdict, const outcome& outcome, Add add) {
  if (!verdict.error.empty()) {
    add("error", verdict.error);
    add("message", verdict.message);
  }
  add("push", std::string_view{outcome.push});
  add("nodes", outcome.counts.nodes);
  if (outcome.want != receipt_level::routed) {
    add("sessions", outcome.counts.sessions);
    add("written", outcome.counts.written);
  }
  if (outcome.want == receipt_level::received)
    add("received", outcome.counts.received);
  if (outcome.counts.dropped > 0)
    add("dropped", outcome.counts.dropped);
  if (outcome.counts.superseded > 0)
    add("superseded", outcome.counts.superseded);
  if (outcome.counts.expired > 0)
    add("expired", outcome.counts.expired);
  if (outcome.unknown > 0)
    add("unknown", outcome.unknown);
  if (outcome.kept)
    add("kept", true);
}

/// Tells whether JSON represents a text by itself in quotes.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
  });
}

void append_value(std::string& out, std::string_view text) {
  out.append(1, '"').append(text).append(1, '"');
}

void append_value(std::string& out, uint64_t number) {
  std::array<char, 20> digits;
  auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  out.append(digits.begin(), end);
}

void append_value(std::string& out, bool value) {
  out += value ? "true" : "false";
}

/// @pre `is_plain` holds for all texts.
std::string to_text(const verdict& verdict, const outcome& outcome) {
  std::string result;
  result.reserve(128);
  for_each_member(verdict, outcome, [&](std::string_view name, auto value) {
    result.append(result.empty() ? "{\"" : ",\"").append(name).append("\":");
    append_value(result, value);
  });
  result += "}\n";
  return result;
}

response to_document_response(const verdict& verdict, const outcome& outcome) {
  response result{verdict.status};
  for_each_member(verdict, outcome, [&](const char* name, auto value) {
    result.body.emplace(name, value);
  });
  return result;
}

} // namespace

response to_response(const outcome& outcome) {
  auto verdict = verdict_of(outcome);
  // An error that is logged needs a document.
  if (verdict.status >= http::status::internal_server_error
      || !is_plain(outcome.push))
    return to_document_response(verdict, outcome);
  response result{verdict.status, nullptr};
  result.text = to_text(verdict, outcome);
  return result;
}

response to_document_response(const outcome& outcome) {
  return to_document_response(verdict_of(outcome), outcome);
}

} // namespace waybill::net
