#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/message.hpp>

#include "actors/core/trace_context.hpp"
#include "net/http/response.hpp"

namespace waybill::net {

/// Returns the size of the blank lines before a request: some clients send one
/// after a body (RFC 9112, section 2.2).
size_t count_blank(std::string_view bytes) noexcept;

/// Finds the end of a request's head, including the empty line.
/// @returns its size; 0 if the head is incomplete; -1 if a line of it does not
///          end in CRLF.
ptrdiff_t find_head_end(std::string_view bytes) noexcept;

/// Checks the bytes of a head for input that Beast's parser accepts but proxies
/// may read differently (RFC 9112, sections 2.2, 3 and 5.2): folded lines, a
/// target that is not ASCII, more than `max_fields` fields.
std::optional<response> check_head(std::string_view head, size_t max_fields);

/// Merges the repeated list fields that Waybill reads into one field each (RFC
/// 9110, section 5.3).
void join_lists(http::request_header<>& head);

/// Tells whether a body of this `Content-Type` becomes a binary frame. It
/// becomes text without a type, and as `text/...`, JSON, XML, JavaScript or a
/// form.
bool is_binary_type(std::string_view content_type);

/// Checks the fields of a head in the same way: the host and the framing of the
/// body (RFC 9112, sections 3.2 and 6.1).
std::optional<response> check_fields(const http::request_header<>& head);

/// Rejects control characters in chunk extensions: a proxy may take a line feed
/// in one for the end of the line (RFC 9112, section 7.1.1).
/// @param ec is set to `bad_chunk_extension` on rejection.
void check_chunk(uint64_t size, boost::beast::string_view extensions,
                 boost::system::error_code& ec);

/// Builds the response to a body that Beast rejects.
/// @param max_body the maximum size of a body, in bytes.
/// @param max_head the maximum size of trailers and chunk extensions, in bytes.
/// @returns nothing if the connection is broken, and no fault of the body.
std::optional<response> body_error(boost::system::error_code ec,
                                   size_t max_body, size_t max_head);

/// The path and query of a request.
struct target {
  /// The segments of the path: `/socket/456` has two. The first, which selects
  /// the resource, is not decoded, so that percent-encoding cannot bypass the
  /// path rules of a proxy. All others are decoded.
  std::vector<std::string> path;

  /// The decoded parameters of the query; each occurs once. Empty ones are left
  /// out, since URLs are often built with a superfluous `?` or `&`.
  std::map<std::string, std::string> query;
};

/// The head of a request, without regard to what its path means.
struct request_head {
  http::verb method;

  /// The method as sent; `method` represents only the usual ones. Refers to the
  /// fields that the head was parsed from.
  std::string_view method_name;

  net::target target;

  /// Set if the type of the body is not text.
  bool binary = false;

  /// The values of `Idempotency-Key`.
  std::vector<std::string> idempotency_keys = {};

  /// The value of `Last-Event-ID` (WHATWG HTML, section 9.2.4); empty for none.
  std::string last_event_id = {};

  /// The `traceparent` (W3C Trace Context, section 3.2) of a sender that
  /// records a trace. One that is malformed is ignored, as that section wants
  /// it.
  std::optional<trace_context> context = {};
};

/// Parses a target in origin form, or in absolute form if it names `host` (RFC
/// 9112, section 3.2). Accepts the characters that browsers do not encode.
std::variant<target, response> parse_target(std::string_view text,
                                            std::string_view host);

/// Parses the fields that Waybill reads.
/// @pre `check_fields` found no error.
std::variant<request_head, response>
parse_head(const http::request_header<>& fields);

} // namespace waybill::net
