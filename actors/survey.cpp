#include "actors/survey.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace waybill {

void survey::progress::add(const delivery_counts& x) {
  answers += x.nodes;
  sessions += x.sessions;
}

void survey::progress::add(const settled&) {
  // Only receipts probe.
}

void survey::progress::add(const session_list& x) {
  if (x.total) {
    ++answers;
    sessions += *x.total;
  }
  reported += x.sessions.size();
}

void survey::progress::add(const trace_events&) {
  ++answers;
}

void survey::progress::add(const node_metrics&) {
  ++answers;
}

void survey::progress::add(const ranking&) {
  ++answers;
}

survey::survey(caf::actor_config& cfg, caf::execution_unit* host, bus_actor bus,
               push_address address, query query, caf::timespan time)
    : hosted(cfg, host), bus_(std::move(bus)), address_(std::move(address)),
      query_(std::move(query)), time_(time) {
  // nop
}

const char* survey::name() const {
  return "waybill.survey";
}

void survey::on_exit() {
  // A promise refers to the actor that made it, and a pending tick keeps the
  // members of this one alive.
  promise_ = {};
  result_ = {};
}

survey::behavior_type survey::make_behavior() {
  return {
    [this](report& x) { on_report(x); },
    [this](get_atom) { return start(); },
    [this](tick_atom) { on_tick(); },
  };
}

caf::typed_response_promise<query_result> survey::start() {
  promise_ = make_response_promise<query_result>();
  deadline_ = clock().now() + time_;
  wait();
  send(bus_, await_atom_v, address_, query_.id, report_receiver_actor{this});
  request(bus_, caf::infinite, publish_atom_v, address_, query_)
    .then([this](uint64_t nodes) { on_published(nodes); },
          [this](caf::error& error) {
            if (error == errc::unanswered)
              finish();
            else
              finish(std::move(error));
          });
  return promise_;
}

void survey::on_published(uint64_t nodes) {
  published_ = true;
  result_.nodes = nodes;
  check();
}

void survey::on_report(report& report) {
  auto& node = nodes_[report.node];
  std::visit([&](auto& x) { node.add(x); }, report.content);
  result_.reports.push_back(std::move(report));
  check();
}

void survey::check() {
  if (!published_)
    return;
  uint64_t answers = 0;
  auto complete = true;
  for (auto& [name, node] : nodes_) {
    answers += node.answers;
    complete = complete && is_complete(node);
  }
  if (complete && answers >= result_.nodes)
    finish();
}

void survey::on_tick() {
  if (clock().now() < deadline_)
    wait();
  else
    finish();
}

void survey::wait() {
  auto rest = caf::timespan{deadline_ - clock().now()};
  delayed_send(this, std::min(rest, max_tick), tick_atom_v);
}

void survey::finish() {
  // Unknown are all nodes, if the bus has not answered; else the nodes that
  // have not reported at all, and those whose reports are incomplete.
  uint64_t answers = 0;
  uint64_t incomplete = 0;
  for (auto& [name, node] : nodes_) {
    answers += node.answers;
    incomplete += !is_complete(node);
  }
  result_.unknown
    = published_ ? result_.nodes - std::min(result_.nodes, answers) + incomplete
                 : 1;
  finish(std::move(result_));
}

void survey::finish(caf::expected<query_result> result) {
  if (result)
    promise_.deliver(std::move(*result));
  else
    promise_.deliver(std::move(result.error()));
  send(bus_, forget_atom_v, address_, query_.id);
  quit();
}

} // namespace waybill
