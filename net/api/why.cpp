#include "net/api/why.hpp"

#include <chrono>
#include <memory>
#include <utility>

#include <spdlog/fmt/chrono.h>

#include "net/api/explanation.hpp"
#include "net/api/queries.hpp"

namespace waybill::net {

namespace {

/// The questions of a request, which are asked together.
struct inquiry {
  exchange_ptr client;
  std::string push;
  id_facts facts;

  /// Number of questions without an answer.
  size_t missing = 3;

  /// Responds once all questions have an answer.
  void on_answer() {
    if (--missing > 0)
      return;
    auto outcomes = json::object();
    for (auto& one : facts.trace.at("pushes"))
      if (auto name = one.value("push", "");
          !name.empty() && (push.empty() || push == name))
        outcomes[name] = to_string(outcome_of(one));
    client->respond({http::status::ok,
                     {{"id", facts.id},
                      {"outcomes", std::move(outcomes)},
                      {"sentences", explain(facts, push)}}});
  }
};

using inquiry_ptr = std::shared_ptr<inquiry>;

/// Receives the answer to a question in place of a client.
class question : public exchange::connection {
public:
  /// @param fact is set to the document of the answer.
  question(inquiry_ptr all, json id_facts::*fact)
      : all_(std::move(all)), fact_(fact) {
    // nop
  }

  void respond(const response& response) override {
    if (response.status != http::status::ok)
      return all_->client->respond(response);
    all_->facts.*fact_ = response.body;
    all_->on_answer();
  }

  void set_deadline(std::chrono::milliseconds) override {
    // Questions to nodes have a time of their own.
  }

private:
  const inquiry_ptr all_;
  json id_facts::*const fact_;
};

} // namespace

void handle_why(api_context& context, const why_request& request,
                const exchange_ptr& exchange) {
  auto now
    = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  auto all = std::make_shared<inquiry>(
    inquiry{exchange,
            request.push,
            {.id = std::string{request.address.name()},
             .presence = {},
             .trace = {},
             .mailbox = {},
             .today = fmt::format("{:%Y-%m-%d}", fmt::gmtime(now))}});
  auto ask = [&all](json id_facts::*fact) {
    return std::make_shared<net::exchange>(
      std::make_shared<question>(all, fact));
  };
  handle_presence(context, {request.address, true, request.wait},
                  ask(&id_facts::presence));
  handle_trace(context, {request.address, request.wait}, ask(&id_facts::trace));
  handle_mailbox(context, {request.address}, ask(&id_facts::mailbox));
}

} // namespace waybill::net
