#include "net/http/response.hpp"

#include <algorithm>
#include <string_view>

namespace waybill::net {

namespace {

/// Returns the media type of a body without one in `fields`.
const char* media_type_of(const json& body) {
  return body.is_string()  ? "text/plain; version=0.0.4; charset=utf-8"
         : body.is_array() ? "application/x-ndjson"
                           : "application/json";
}

/// Appends strings.
template <class... Ts>
void append(std::string& result, const Ts&... parts) {
  (result.append(std::string_view{parts}), ...);
}

void append_field(std::string& result, http::field name,
                  std::string_view value) {
  auto text = http::to_string(name);
  append(result, std::string_view{text.data(), text.size()}, ": ", value,
         "\r\n");
}

} // namespace

std::string serialize_body(const response& response) {
  // Names in the answers of other nodes may be anything.
  auto to_line = [](const json& x) {
    return x.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
  };
  auto& body = response.body;
  if (!response.text.empty())
    return response.text;
  if (body.is_string())
    return body.get<std::string>();
  if (!body.is_array())
    return to_line(body);
  std::string result;
  for (auto& line : body)
    result += to_line(line);
  return result;
}

std::string serialize(const response& response, const response_mode& mode) {
  std::string document;
  if (response.text.empty())
    document = serialize_body(response);
  auto& body = response.text.empty() ? document : response.text;
  std::string result;
  result.reserve(256 + body.size());
  auto reason = http::obsolete_reason(response.status);
  append(result, mode.version == 10 ? "HTTP/1.0 " : "HTTP/1.1 ",
         std::to_string(static_cast<unsigned>(response.status)), " ",
         std::string_view{reason.data(), reason.size()}, "\r\n");
  append_field(result, http::field::server, "waybill");
  // A 204 has no body (RFC 9110, section 15.3.5).
  auto has_body = response.status != http::status::no_content;
  auto is_type
    = [](auto& field) { return field.first == http::field::content_type; };
  if (has_body
      && std::none_of(response.fields.begin(), response.fields.end(), is_type))
    append_field(result, http::field::content_type,
                 media_type_of(response.body));
  for (auto& [name, value] : response.fields)
    append_field(result, name, value);
  if (has_body)
    append_field(result, http::field::content_length,
                 std::to_string(body.size()));
  // HTTP/1.0 closes a connection unless both ends keep it (RFC 9112, section
  // 9.3).
  if (mode.keep_alive == (mode.version == 10))
    append_field(result, http::field::connection,
                 mode.keep_alive ? "keep-alive" : "close");
  result += "\r\n";
  if (has_body && !mode.is_head)
    result += body;
  return result;
}

} // namespace waybill::net
