#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <nlohmann/json.hpp>

#include "actors/core/metric.hpp"

namespace waybill::net {

namespace http = boost::beast::http;

/// JSON that keeps the order of its members.
using json = nlohmann::ordered_json;

/// The response to an HTTP request, independent of how it is sent.
struct response {
  http::status status = http::status::ok;

  /// An object; an array of them, sent as one line each (NDJSON); or a string,
  /// sent verbatim, for Prometheus. Strings are UTF-8.
  json body = json::object();

  /// Additional header fields.
  std::vector<std::pair<http::field, std::string>> fields = {};

  /// The counter of this reason for a refusal, besides the one of all refusals;
  /// nothing for most.
  std::optional<metric> counted = std::nullopt;

  /// Details of the reason, for the log only.
  std::string detail = {};

  /// The serialized body; empty for most. Frequent responses have it in place
  /// of a document, which costs ten times as much: `body` is null or an empty
  /// array then, and tells the media type.
  std::string text = {};
};

/// Properties of the connection and request that shape a response.
struct response_mode {
  /// The version of HTTP of the request: 10 or 11.
  unsigned version = 11;

  /// Set if the connection stays open.
  bool keep_alive = true;

  /// Set if the request is HEAD, whose response has no body.
  bool is_head = false;
};

/// Serializes the body of a response.
std::string serialize_body(const response& response);

/// Serializes a response (RFC 9112, section 4).
std::string serialize(const response& response, const response_mode& mode);

/// Builds the response of a failure.
/// @param code identifies the error, for programs.
/// @param message states the remedy, for people.
/// @param more further members of the body.
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

/// Builds the 400 response for an unknown or malformed parameter.
inline response bad_parameter(std::string message) {
  return error_response(http::status::bad_request, "bad_parameter",
                        std::move(message));
}

} // namespace waybill::net
