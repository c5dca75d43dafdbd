#include "app/otlp.hpp"

#include <chrono>
#include <exception>
#include <memory>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "app/client/client.hpp"
#include "app/version.hpp"

namespace waybill::app {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using nlohmann::json;

/// Time between two log lines about a collector.
constexpr auto otlp_log_interval = std::chrono::seconds{60};

/// Values of `SpanKind` and `StatusCode` of the protocol.
constexpr int internal_kind = 1;
constexpr int server_kind = 2;
constexpr int consumer_kind = 5;
constexpr int error_code = 2;

/// First HTTP status that makes the span of a server an error (OpenTelemetry,
/// semantic conventions for HTTP).
constexpr uint16_t first_server_error = 500;

json text_attribute(const char* key, std::string_view value) {
  return {{"key", key}, {"value", {{"stringValue", value}}}};
}

/// Converts microseconds to nanoseconds, which the protocol has as a string.
std::string to_nanoseconds(int64_t at) {
  return std::to_string(at) + "000";
}

json encode_span(const span& x) {
  auto is_push = x.type == span::kind::push;
  json attributes{text_attribute("waybill.push", x.push),
                  text_attribute("waybill.address", x.address)};
  if (!x.peer.empty())
    attributes.push_back(text_attribute("client.address", x.peer));
  if (is_push)
    attributes.push_back({{"key", "http.response.status_code"},
                          {"value", {{"intValue", std::to_string(x.status)}}}});
  json result{{"traceId", trace_id_of(x.context)},
              {"spanId", format_span_id(x.context.span)},
              {"parentSpanId", format_span_id(x.parent)},
              {"name", is_push                         ? "waybill push"
                       : x.type == span::kind::deliver ? "waybill deliver"
                                                       : "waybill receive"},
              {"kind", is_push                         ? server_kind
                       : x.type == span::kind::deliver ? consumer_kind
                                                       : internal_kind},
              {"startTimeUnixNano", to_nanoseconds(x.began)},
              {"endTimeUnixNano", to_nanoseconds(x.ended)},
              {"attributes", std::move(attributes)}};
  if (!x.problem.empty() || x.status >= first_server_error)
    result["status"] = {{"code", error_code}, {"message", x.problem}};
  return result;
}

/// Returns the number of spans that a collector rejects by its response.
uint64_t rejected_in(const std::string& body) {
  auto document = json::parse(body, nullptr, false);
  if (!document.is_object())
    return 0;
  auto part = document.value("partialSuccess", json::object());
  auto number = part.is_object() ? part.value("rejectedSpans", json{}) : json{};
  // JSON of the protocol has large numbers as strings.
  if (number.is_string())
    number = json::parse(number.get<std::string>(), nullptr, false);
  return number.is_number_unsigned() ? number.get<uint64_t>() : 0;
}

/// Tells whether a collector that answers so may take the same spans later.
bool is_passing(http::status status) {
  return status == http::status::too_many_requests
         || status == http::status::bad_gateway
         || status == http::status::service_unavailable
         || status == http::status::gateway_timeout;
}

} // namespace

std::string encode_spans(const spans& all, const std::string& node) {
  auto list = json::array();
  for (auto& span : all)
    list.push_back(encode_span(span));
  json resource{{"attributes",
                 {text_attribute("service.name", "waybill"),
                  text_attribute("service.version", version()),
                  text_attribute("service.instance.id", node)}}};
  json scope{{"scope", {{"name", "waybill"}, {"version", version()}}},
             {"spans", std::move(list)}};
  json result{{"resourceSpans",
               {{{"resource", std::move(resource)},
                 {"scopeSpans", json::array({std::move(scope)})}}}}};
  // Ids may hold any UTF-8, and peers that of a proxy any bytes.
  return result.dump(-1, ' ', false, json::error_handler_t::replace);
}

otlp_exporter::otlp_exporter(asio::io_context& context, const otlp_url& url,
                             std::string node)
    : context_(context), path_(url.path), node_(std::move(node)),
      log_(std::make_shared<log_gate>()) {
  access_.url = url.server;
  access_.trust = url.trust;
}

void otlp_exporter::send(const spans& all, handler handle) {
  auto request = make_request(access_, http::verb::post, path_);
  request.set(http::field::content_type, "application/json");
  request.body() = encode_spans(all, node_);
  request.prepare_payload();
  auto report = [log = log_, handle = std::move(handle)](
                  const export_result& result, const std::string& problem) {
    if (!problem.empty())
      if (auto more
          = log->take("", std::chrono::steady_clock::now(), otlp_log_interval))
        spdlog::warn("WB-109 spans are not exported: {}{}", problem, *more);
    handle(result);
  };
  auto exchange
    = [](node_access to, text_request sent) -> asio::awaitable<text_response> {
    co_return co_await app::send(to, sent, std::chrono::milliseconds{0});
  };
  asio::co_spawn(
    context_, exchange(access_, std::move(request)),
    [report, count = all.size()](const std::exception_ptr& failure,
                                 const text_response& response) {
      if (failure) {
        try {
          std::rethrow_exception(failure);
        } catch (const std::exception& e) {
          return report({.is_away = true}, e.what());
        }
      }
      auto status = response.result();
      auto answer
        = "the collector answers " + std::to_string(response.result_int());
      if (is_passing(status))
        return report({.is_away = true}, answer);
      if (http::to_status_class(status) != http::status_class::successful)
        return report({.rejected = count}, answer);
      auto rejected = rejected_in(response.body());
      report({.rejected = rejected},
             rejected == 0 ? "" : "the collector rejects some of them");
    });
}

} // namespace waybill::app
