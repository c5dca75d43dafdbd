#include "net/request.hpp"

#include <algorithm>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/url/authority_view.hpp>
#include <boost/url/parse.hpp>

namespace waybill::net {

namespace {

answer bad_request(std::string message) {
  return failure(http::status::bad_request, "bad_request", std::move(message));
}

} // namespace

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

std::optional<answer> check_head(std::string_view head, size_t max_fields) {
  auto first = head.substr(0, head.find('\r'));
  auto is_visible = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (!std::all_of(first.begin(), first.end(), is_visible))
    return bad_request("percent-encode what is not ASCII in the target");
  auto lines = std::count(head.begin(), head.end(), '\n');
  if (lines - 2 > static_cast<ptrdiff_t>(max_fields))
    return failure(
      http::status::request_header_fields_too_large, "too_many_fields",
      "send at most " + std::to_string(max_fields) + " header fields");
  if (head.find("\n ") != head.npos || head.find("\n\t") != head.npos)
    return bad_request("write each header field on one line");
  return std::nullopt;
}

std::optional<answer> check_fields(const http::request_header<>& head) {
  if (head.count(http::field::host) > 1
      || (head.version() == 11 && head.count(http::field::host) == 0))
    return bad_request("send one Host field");
  auto host = head[http::field::host];
  if (auto parsed = boost::urls::parse_authority(host);
      !parsed || parsed->has_userinfo())
    return bad_request("a Host is a name or an address, and a port");
  auto codings = head.count(http::field::transfer_encoding);
  auto lengths = head.count(http::field::content_length);
  if (codings > 0 && (lengths > 0 || head.version() < 11))
    return bad_request("send Content-Length, or chunks in HTTP/1.1");
  auto length = head[http::field::content_length];
  if (lengths > 1 || length.find(',') != length.npos)
    return bad_request("send one Content-Length");
  if (codings > 1
      || (codings == 1
          && !boost::beast::iequals(head[http::field::transfer_encoding],
                                    "chunked")))
    return failure(http::status::not_implemented, "transfer_coding",
                   "use no transfer coding but chunked");
  if (auto expect = head[http::field::expect];
      !expect.empty() && !boost::beast::iequals(expect, "100-continue"))
    return failure(http::status::expectation_failed, "expectation",
                   "expect nothing but 100-continue");
  if (auto coding = head[http::field::content_encoding];
      !coding.empty() && !boost::beast::iequals(coding, "identity"))
    return failure(http::status::unsupported_media_type, "content_encoding",
                   "send the body as it is, not compressed");
  return std::nullopt;
}

bool has_websocket_key(const http::request_header<>& head) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
                                      "opqrstuvwxyz0123456789+/";
  std::string_view key = head[http::field::sec_websocket_key];
  return head.count(http::field::sec_websocket_key) == 1 && key.size() == 24
         && key.find_first_not_of(digits) == 22 && key.ends_with("==");
}

void check_chunk(uint64_t, boost::beast::string_view extensions,
                 boost::system::error_code& ec) {
  auto is_control = [](char c) {
    return (static_cast<uint8_t>(c) < 0x20 && c != '\t') || c == 0x7f;
  };
  if (std::any_of(extensions.begin(), extensions.end(), is_control))
    ec = http::error::bad_chunk_extension;
}

std::variant<target, answer> parse_target(std::string_view text,
                                          std::string_view host) {
  namespace urls = boost::urls;
  target result;
  auto url = urls::parse_origin_form(text);
  if (!url) {
    url = urls::parse_absolute_uri(text);
    if (url
        && ((url->scheme_id() != urls::scheme::http
             && url->scheme_id() != urls::scheme::https)
            || url->has_userinfo()
            || !boost::beast::iequals(url->encoded_host_and_port(), host)))
      return bad_request("this server does not answer for that authority");
  }
  if (!url)
    return bad_request("the target of the request is not a path");
  // Boost's own segments leave out a `.` at the start.
  for (std::string_view rest = url->encoded_path(); !rest.empty();) {
    auto end = std::min(rest.find('/', 1), rest.size());
    auto segment = rest.substr(1, end - 1);
    result.path.push_back(result.path.empty()
                            ? std::string{segment}
                            : urls::pct_string_view{segment}.decode());
    rest.remove_prefix(end);
  }
  for (auto param : url->encoded_params())
    if (!result.query.emplace(param.key.decode(), param.value.decode()).second)
      return bad_request("give each parameter once");
  return result;
}

} // namespace waybill::net
