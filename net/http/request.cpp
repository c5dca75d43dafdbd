#include "net/http/request.hpp"

#include <algorithm>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/url/authority_view.hpp>
#include <boost/url/parse.hpp>

namespace waybill::net {

namespace {

response bad_request(std::string message) {
  return error_response(http::status::bad_request, "bad_request",
                        std::move(message));
}

/// Percent-encodes the characters that browsers and Node (WHATWG URL) send raw
/// but RFC 3986 forbids.
/// @param path the offset of the path in `text`.
std::string encode_raw(std::string_view text, size_t path) {
  constexpr std::string_view in_path = "|^[]";
  constexpr std::string_view in_query = "|^[]`{}\\";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result{text.substr(0, path)};
  auto raw = in_path;
  for (char c : text.substr(path)) {
    if (c == '?')
      raw = in_query;
    if (raw.find(c) == raw.npos)
      result += c;
    else
      result += {'%', digits[static_cast<uint8_t>(c) >> 4], digits[c & 15]};
  }
  return result;
}

/// Returns the offset of the path in a target, behind any authority.
size_t find_path(std::string_view text) {
  if (text.starts_with('/'))
    return 0;
  auto authority = text.find("://");
  return authority == text.npos
           ? text.size()
           : std::min(text.find_first_of("/?", authority + 3), text.size());
}

/// Tells whether a list contains no element but `word`.
bool has_only(std::string_view list, std::string_view word) {
  for (size_t i = 0; i <= list.size();) {
    auto end = std::min(list.find(',', i), list.size());
    auto element = list.substr(i, end - i);
    i = end + 1;
    element.remove_prefix(
      std::min(element.find_first_not_of(" \t"), element.size()));
    element = element.substr(0, element.find_last_not_of(" \t") + 1);
    if (!element.empty() && !boost::beast::iequals(element, word))
      return false;
  }
  return true;
}

} // namespace

size_t count_blank(std::string_view bytes) noexcept {
  size_t result = 0;
  while (bytes.substr(result).starts_with("\r\n"))
    result += 2;
  return result;
}

void join_lists(http::request_header<>& head) {
  for (auto name :
       {http::field::connection, http::field::upgrade, http::field::expect,
        http::field::content_encoding, http::field::sec_websocket_protocol,
        http::field::sec_websocket_extensions}) {
    if (head.count(name) < 2)
      continue;
    std::string all;
    for (auto [i, end] = head.equal_range(name); i != end; ++i)
      all.append(all.empty() ? "" : ", ").append(i->value());
    head.set(name, all);
  }
}

bool is_binary_type(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ') || type.ends_with('\t'))
    type.remove_suffix(1);
  std::string name{type};
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  auto slash = name.find('/');
  if (slash == name.npos || name.starts_with("text/"))
    return false;
  if (!name.starts_with("application/"))
    return !name.ends_with("+json") && !name.ends_with("+xml");
  for (auto end : {"json", "xml", "javascript", "x-www-form-urlencoded"})
    if (name.ends_with(end))
      return false;
  return true;
}

ptrdiff_t find_head_end(std::string_view bytes) noexcept {
  size_t line = 0;
  for (;;) {
    auto end = bytes.find('\n', line);
    if (end == std::string_view::npos)
      return 0;
    if (end == 0 || bytes[end - 1] != '\r')
      return -1;
    if (end - 1 == line)
      return static_cast<ptrdiff_t>(end + 1);
    line = end + 1;
  }
}

std::optional<response> check_head(std::string_view head, size_t max_fields) {
  auto first = head.substr(0, head.find('\r'));
  auto is_visible = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (!std::all_of(first.begin(), first.end(), is_visible))
    return bad_request("percent-encode non-ASCII characters in the target");
  auto lines = std::count(head.begin(), head.end(), '\n');
  if (lines - 2 > static_cast<ptrdiff_t>(max_fields))
    return error_response(
      http::status::request_header_fields_too_large, "too_many_fields",
      "send at most " + std::to_string(max_fields) + " header fields");
  if (head.find("\n ") != head.npos || head.find("\n\t") != head.npos)
    return bad_request("send each header field on one line");
  return std::nullopt;
}

std::optional<response> check_fields(const http::request_header<>& head) {
  if (head.count(http::field::host) > 1
      || (head.version() == 11 && head.count(http::field::host) == 0))
    return bad_request("send one Host field");
  auto host = head[http::field::host];
  if (auto parsed = boost::urls::parse_authority(host);
      !parsed || parsed->has_userinfo())
    return bad_request(
      "set Host to a name or an address, with an optional port");
  auto codings = head.count(http::field::transfer_encoding);
  auto lengths = head.count(http::field::content_length);
  if (codings > 0 && (lengths > 0 || head.version() < 11))
    return bad_request("send Content-Length or, in HTTP/1.1, a chunked body");
  auto length = head[http::field::content_length];
  if (lengths > 1 || length.find(',') != length.npos)
    return bad_request("send one Content-Length");
  if (codings > 1
      || (codings == 1
          && !boost::beast::iequals(head[http::field::transfer_encoding],
                                    "chunked")))
    return error_response(http::status::not_implemented, "transfer_coding",
                          "use no transfer coding other than chunked");
  if (auto expect = head[http::field::expect];
      !expect.empty() && !has_only(expect, "100-continue"))
    return error_response(http::status::expectation_failed, "expectation",
                          "use no expectation other than 100-continue");
  if (auto coding = head[http::field::content_encoding];
      !coding.empty() && !has_only(coding, "identity"))
    return error_response(http::status::unsupported_media_type,
                          "content_encoding", "send the body uncompressed");
  return std::nullopt;
}

void check_chunk(uint64_t, boost::beast::string_view extensions,
                 boost::system::error_code& ec) {
  auto is_control = [](char c) {
    return (static_cast<uint8_t>(c) < 0x20 && c != '\t') || c == 0x7f;
  };
  if (std::any_of(extensions.begin(), extensions.end(), is_control))
    ec = http::error::bad_chunk_extension;
}

std::optional<response> body_error(boost::system::error_code ec,
                                   size_t max_body, size_t max_head) {
  if (ec == http::error::body_limit)
    return error_response(http::status::payload_too_large, "too_large",
                          "send a body of at most " + std::to_string(max_body)
                            + " bytes");
  if (ec == http::error::buffer_overflow)
    return error_response(http::status::request_header_fields_too_large,
                          "chunks_too_large",
                          "send at most " + std::to_string(max_head)
                            + " bytes of trailers, or of chunk extensions");
  using boost::system::error_code;
  if (ec.category() == error_code{http::error::bad_chunk}.category()
      && ec != http::error::end_of_stream && ec != http::error::partial_message)
    return bad_request("send well-formed HTTP/1.1: " + ec.message());
  return std::nullopt;
}

std::variant<target, response> parse_target(std::string_view raw,
                                            std::string_view host) {
  namespace urls = boost::urls;
  target result;
  // Most paths have two segments.
  result.path.reserve(2);
  auto text = encode_raw(raw, find_path(raw));
  auto url = urls::parse_origin_form(text);
  if (!url) {
    url = urls::parse_absolute_uri(text);
    if (url
        && ((url->scheme_id() != urls::scheme::http
             && url->scheme_id() != urls::scheme::https)
            || url->has_userinfo()
            || !boost::beast::iequals(url->encoded_host_and_port(), host)))
      return bad_request(
        "send a path, or an HTTP URL whose authority is that of Host");
  }
  if (!url)
    return bad_request("send a valid path as the target of the request");
  // Boost's own segments omit a leading `.`.
  for (std::string_view rest = url->encoded_path(); !rest.empty();) {
    auto end = std::min(rest.find('/', 1), rest.size());
    auto segment = rest.substr(1, end - 1);
    result.path.push_back(result.path.empty()
                            ? std::string{segment}
                            : urls::pct_string_view{segment}.decode());
    rest.remove_prefix(end);
  }
  for (auto param : url->encoded_params())
    if ((!param.key.empty() || param.has_value)
        && !result.query.emplace(param.key.decode(), param.value.decode())
              .second)
      return bad_request("send each parameter once");
  return result;
}

std::variant<request_head, response>
parse_head(const http::request_header<>& fields) {
  auto parsed = parse_target(fields.target(), fields[http::field::host]);
  if (auto wrong = std::get_if<response>(&parsed))
    return std::move(*wrong);
  request_head result{fields.method(), fields.method_string(),
                      std::move(std::get<target>(parsed)),
                      is_binary_type(fields[http::field::content_type])};
  for (auto [i, end] = fields.equal_range("Idempotency-Key"); i != end; ++i)
    result.idempotency_keys.emplace_back(i->value());
  result.last_event_id = fields["Last-Event-ID"];
  if (fields.count("traceparent") == 1)
    result.context = parse_traceparent(fields["traceparent"]);
  return result;
}

} // namespace waybill::net
