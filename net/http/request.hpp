#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/message.hpp>

#include "net/http/response.hpp"

namespace waybill::net {

/// Returns how many bytes of blank lines stand before a request: clients send
/// one after a body (RFC 9112, section 2.2).
size_t count_blank(std::string_view bytes) noexcept;

/// Finds the end of a request's head, the empty line included.
/// @returns its size, 0 if the head is not complete, or -1 if it never will be
///          because a line in it does not end in CRLF.
ptrdiff_t find_head_end(std::string_view bytes) noexcept;

/// Checks the bytes of a head for what Beast's parser lets pass but proxies
/// read otherwise (RFC 9112, sections 2.2, 3 and 5.2): lines that are folded,
/// bytes in the target that are not ASCII, more than `max_fields` fields.
std::optional<response> check_head(std::string_view head, size_t max_fields);

/// Makes one field of those whose lists Waybill reads and which came in several
/// lines (RFC 9110, section 5.3).
void join_lists(http::request_header<>& head);

/// Tells whether a body of this `Content-Type` goes into a binary frame: it is
/// text without one, and as `text/...`, JSON, XML, JavaScript or a form.
bool is_binary_type(std::string_view content_type);

/// Checks the fields of a head for the same: the host, and how the body's end
/// is found (RFC 9112, sections 3.2 and 6.1).
std::optional<response> check_fields(const http::request_header<>& head);

/// Tells whether a head has one key of a WebSocket: 16 bytes in base64 (RFC
/// 6455, section 4.2.1).
bool has_websocket_key(const http::request_header<>& head);

/// Checks what stands between the chunks of a body for control characters: a
/// proxy may take a line feed in an extension for the end of the line (RFC
/// 9112, section 7.1.1).
/// @param ec is set to `bad_chunk_extension` if there is any.
void check_chunk(uint64_t size, boost::beast::string_view extensions,
                 boost::system::error_code& ec);

/// Where a request goes to.
struct target {
  /// The segments of the path: `/socket/456` has two. The first, which says
  /// what is asked for, is as it was sent, so that a proxy that allows some
  /// paths cannot be passed by writing another of them in percent-encoding. All
  /// others are decoded.
  std::vector<std::string> path;

  /// The parameters behind the `?`, decoded. Each is there once. Empty ones are
  /// left out: whoever puts URLs together leaves a `?` or `&` too many.
  std::map<std::string, std::string> query;
};

/// Parses a target in origin form, or in absolute form if it names `host`
/// (RFC 9112, section 3.2). Takes the characters raw that browsers leave so.
std::variant<target, response> parse_target(std::string_view text,
                                            std::string_view host);

} // namespace waybill::net
