#include "app/client/api.hpp"

#include <nlohmann/json.hpp>

#include "app/client/client.hpp"

namespace waybill::app {

namespace http = boost::beast::http;
using nlohmann::json;

std::string api_answer::failure() const {
  auto result = std::to_string(status);
  auto document = json::parse(body, nullptr, false);
  auto text = [&document](const char* name) -> std::string {
    auto member = document.find(name);
    return member != document.end() && member->is_string()
             ? member->get<std::string>()
             : "";
  };
  if (document.is_object() && !text("error").empty())
    return result + ' ' + text("error") + ": " + text("message");
  // A proxy answered.
  auto line = body.substr(0, body.find_first_of("\r\n"));
  return result + (line.empty() ? "" : ": " + line);
}

api_answer call(const node_access& to, const api_request& request) {
  auto sent
    = make_request(to, http::string_to_verb(request.method), request.target);
  if (!request.content_type.empty())
    sent.set(http::field::content_type, request.content_type);
  if (!request.idempotency_key.empty())
    sent.set("Idempotency-Key", request.idempotency_key);
  sent.body() = request.body;
  sent.prepare_payload();
  try {
    auto response = run(send(to, sent, request.wait));
    return {response.result_int(), std::move(response.body())};
  } catch (const std::exception& e) {
    throw api_error{e.what()};
  }
}

} // namespace waybill::app
