#pragma once

#include <sstream>

#include <boost/asio/io_context.hpp>

#include "net/api/api.hpp"
#include "net/api/route.hpp"
#include "net/timer.hpp"
#include "test/fixture.hpp"

namespace waybill::test {

/// The API of a node whose bus answers when the test says so.
struct api_fixture : fixture {
  api_fixture() { start({}); }

  /// Leaves pending requests unanswered.
  ~api_fixture() override {
    self->send_exit(entrance, caf::exit_reason::kill);
    settle();
  }

  void start(node_limits limits) {
    bus = spawn<fake_bus>();
    holder = spawn<registry>(
      bus, same_id::all, [](const auto&) {}, limits);
    entrance = spawn_gateway(bus, holder);
    context = std::make_unique<net::api_context>(
      net::api_context{deref<gateway>(entrance), "node"});
    settle();
  }

  fake_bus& bus_state_of() { return deref<fake_bus>(bus); }

  /// Makes a request with a target in origin form.
  static net::api_call make(net::http::verb method, const std::string& text,
                            std::string body = "") {
    auto parsed = net::parse_target(text, "h");
    if (!std::holds_alternative<net::target>(parsed))
      CAF_FAIL("not a target: " << text);
    auto routed = net::route({method, net::http::to_string(method),
                              std::get<net::target>(std::move(parsed))},
                             net::port_role::both, 100);
    if (!std::holds_alternative<net::routed_request>(routed))
      CAF_FAIL("not a request: " << text);
    net::api_call result{std::get<net::routed_request>(routed).request};
    result.body = std::move(body);
    return result;
  }

  /// Keeps the answer to a request.
  net::exchange_ptr keep() {
    auto waiting = std::make_shared<client>(*this);
    auto result = std::make_shared<net::exchange>(waiting);
    waiting->pending = result;
    return result;
  }

  /// Runs actors and timers until neither has anything to do now.
  void turn() {
    do {
      io.restart();
      settle();
    } while (io.poll() > 0);
  }

  void pass(caf::timespan time) {
    advance_time(time);
    turn();
  }

  /// Parses the text of an answer that has one.
  static net::response with_document(net::response x) {
    std::istringstream lines{std::exchange(x.text, "")};
    for (std::string line; std::getline(lines, line);)
      if (x.body.is_array())
        x.body.push_back(net::json::parse(line));
      else
        x.body = net::json::parse(line);
    return x;
  }

  /// Takes the first answer that was not taken yet.
  net::response answer() {
    turn();
    CAF_REQUIRE(!answers.empty());
    auto result = std::move(answers.front());
    answers.pop_front();
    return result;
  }

  /// Returns the status of an answer and its body, or the code of its error.
  static std::string print(const net::response& x) {
    auto status = std::to_string(static_cast<unsigned>(x.status)) + ' ';
    return status
           + (x.body.is_object() && x.body.contains("error")
                ? x.body["error"].get<std::string>()
                : x.body.dump());
  }

  /// Returns the push that was published last.
  push last_push() {
    turn();
    CAF_REQUIRE(!bus_state_of().pushes.empty());
    return bus_state_of().pushes.back();
  }

  /// Returns the query that was sent last.
  query last_query() {
    turn();
    CAF_REQUIRE(!bus_state_of().queries.empty());
    return bus_state_of().queries.back();
  }

  /// Lets the bus answer the first kick or query that it has not answered yet.
  template <class T>
  void reach(T&& answer) {
    turn();
    auto& waiting = bus_state_of().asking;
    CAF_REQUIRE(!waiting.empty());
    auto promise = std::move(waiting.front());
    waiting.erase(waiting.begin());
    promise.deliver(std::forward<T>(answer));
    turn();
  }

  /// Lets the bus say to how many nodes it has sent that kick or query.
  void reach_nodes(uint64_t nodes) { reach(uint64_t{nodes}); }

  /// Lets the bus answer the first push that it has not answered yet.
  template <class T>
  void publish(T&& answer) {
    turn();
    auto& waiting = bus_state_of().publishing;
    CAF_REQUIRE(!waiting.empty());
    auto promise = std::move(waiting.front());
    waiting.erase(waiting.begin());
    promise.deliver(std::forward<T>(answer));
    turn();
  }

  /// Lets the bus say to how many nodes it has sent that push.
  void publish_to(uint64_t nodes, bool kept = false) {
    turn();
    auto& state = bus_state_of();
    CAF_REQUIRE(state.publishing.size() <= state.pushes.size());
    auto& push = state.pushes[state.pushes.size() - state.publishing.size()];
    outcome result{push.id, push.want, kept};
    result.counts.nodes = nodes;
    publish(std::move(result));
  }

  /// Lets a node report to the last push or query that waits for it.
  void tell(report x) {
    CAF_REQUIRE(!bus_state_of().awaiting.empty());
    self->send(bus_state_of().awaiting.back(), std::move(x));
    turn();
  }

  bus_actor bus;
  registry_actor holder;
  gateway_actor entrance;
  std::unique_ptr<net::api_context> context;
  std::deque<net::response> answers;
  boost::asio::io_context io;

  /// The deadline that was set last.
  std::chrono::milliseconds deadline{0};

private:
  /// A client that waits for an answer.
  struct client : net::exchange::connection {
    explicit client(api_fixture& all) : all(all) {
      // nop
    }

    void respond(const net::response& x) override {
      all.answers.push_back(with_document(x));
    }

    void set_deadline(std::chrono::milliseconds time) override {
      all.deadline = time;
      timer.expires_after(time);
      timer.async_wait([pending = pending](boost::system::error_code ec) {
        if (auto late = pending.lock(); late && !ec)
          late->on_deadline();
      });
    }

    api_fixture& all;
    net::timer_type timer{all.io};
    std::weak_ptr<net::exchange> pending;
  };
};

/// Makes a report of a node.
inline report report_of(const std::string& node,
                        report::content_type content = delivery_counts{1}) {
  return {"", "node", std::move(content), node};
}

} // namespace waybill::test
