#pragma once

#include <string>
#include <utility>
#include <vector>

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <nlohmann/json.hpp>

namespace waybill::net {

namespace http = boost::beast::http;

/// JSON whose members stay in the order in which they were written.
using json = nlohmann::ordered_json;

/// What an HTTP request is answered with, whoever asked and however it is sent.
struct response {
  http::status status = http::status::ok;

  /// An object; an array of them, which is sent as a line for each (NDJSON); or
  /// a string, which is sent as it is, for Prometheus. Strings are UTF-8.
  json body = json::object();

  /// Header fields besides those that every answer has.
  std::vector<std::pair<http::field, std::string>> fields = {};

  /// The figure that counts why a request was refused, besides the one of all
  /// that were; null for most.
  const char* counted = nullptr;

  /// More of the reason, for the log alone.
  std::string detail = {};
};

/// Returns the media type of a body.
inline const char* type_of(const json& body) {
  return body.is_string()  ? "text/plain; version=0.0.4; charset=utf-8"
         : body.is_array() ? "application/x-ndjson"
                           : "application/json";
}

/// Prints a body as it is sent.
inline std::string print(const json& body) {
  if (body.is_string())
    return body.get<std::string>();
  if (!body.is_array())
    return body.dump() + '\n';
  std::string result;
  for (auto& line : body)
    result += line.dump() + '\n';
  return result;
}

/// Makes the answer of a failure.
/// @param code names what is wrong, for programs.
/// @param message says what to do, for people.
/// @param more further members of the answer.
inline response error_response(http::status status, std::string code,
                               std::string message,
                               const json& more = json::object()) {
  response result{
    status, {{"error", std::move(code)}, {"message", std::move(message)}}};
  result.body.update(more);
  if (status == http::status::service_unavailable
      || status == http::status::too_many_requests)
    result.fields.emplace_back(http::field::retry_after, "1");
  return result;
}

/// Makes the answer to who asks for something that there is not.
inline response bad_parameter(std::string message) {
  return error_response(http::status::bad_request, "bad_parameter",
                        std::move(message));
}

} // namespace waybill::net
