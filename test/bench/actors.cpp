// Measures the actors' work for a push: the path from a gateway to a session,
// its trace, the delivery to many sessions, and sessions that join and leave.

#include <benchmark/benchmark.h>

#include "actors/collector.hpp"
#include "actors/gateway.hpp"
#include "actors/loopback.hpp"
#include "actors/registry.hpp"
#include "actors/session.hpp"
#include "actors/system_config.hpp"

using namespace waybill;

namespace {

/// Runs actors as an event loop does, but without sockets.
class unit : public caf::execution_unit {
public:
  using caf::execution_unit::execution_unit;

  void exec_later(caf::resumable* job) override {
    // CAF transfers ownership of a reference with the pointer.
    ready_.emplace_back(job, false);
  }

  /// Runs until all actors are idle.
  void run() {
    while (!ready_.empty()) {
      running_.swap(ready_);
      for (auto& job : running_)
        if (job->resume(this, 50) == caf::resumable::resume_later)
          exec_later(job.release());
      running_.clear();
    }
  }

private:
  std::vector<caf::intrusive_ptr<caf::resumable>> ready_;
  std::vector<caf::intrusive_ptr<caf::resumable>> running_;
};

/// A transport that accepts every frame at once.
struct open_socket : transport {
  bool write(const frame&, uint64_t) override {
    ++frames;
    return true;
  }

  bool answers_pings() const override { return true; }

  void ping(uint64_t) override {
    // nop
  }

  void close(const close_reason&) override {
    // nop
  }

  std::string peer() const override { return "192.0.2.1:80"; }

  std::string user_agent() const override { return ""; }

  transport_kind kind() const override { return transport_kind::websocket; }

  session_actor session;
  int64_t frames = 0;
};

/// The actors of a single node.
class node {
public:
  node() {
    bus_ = keep(system_.spawn<loopback>(&unit_, "node1", 1000));
    registry_ = keep(system_.spawn<registry>(&unit_, bus_, same_id::all));
    auto counts = keep(system_.spawn<collector>(&unit_, bus_, registry_));
    auto handle = keep(system_.spawn<gateway>(&unit_, bus_, registry_, counts,
                                              session_config{}, "node1"));
    gateway_
      = &dynamic_cast<gateway&>(*caf::actor_cast<caf::abstract_actor*>(handle));
    unit_.run();
  }

  ~node() {
    for (auto& socket : sockets_)
      close(*socket);
    for (auto& actor : all_)
      anon_send_exit(actor, caf::exit_reason::user_shutdown);
    unit_.run();
  }

  /// Opens a session that is greeted and subscribed to the topic news.
  open_socket& open(const std::string& id) {
    auto& socket = sockets_.emplace_back(std::make_shared<open_socket>());
    gateway_->admit(id, "192.0.2.1", [&](caf::expected<session_slot_ptr> slot) {
      socket->session = gateway_->open_session(**slot, {"news"}, socket);
    });
    unit_.run();
    return *socket;
  }

  /// Notifies a session that its socket is closed.
  void close(open_socket& socket) {
    anon_send(std::exchange(socket.session, nullptr), gone_atom_v);
    unit_.run();
  }

  void close_newest() {
    close(*sockets_.back());
    sockets_.pop_back();
  }

  /// Delivers a push, as the bus does.
  void deliver(const push_address& address, const push& push) {
    anon_send(registry_, deliver_atom_v, addressed_messages{{address, push}});
    unit_.run();
  }

  /// Publishes a push, as an HTTP connection does, and returns the number of
  /// nodes that hold `address`.
  uint64_t publish(const push_address& address, const payload& body) {
    uint64_t nodes = 0;
    push push{"", body};
    auto taken = gateway_->take(address, push);
    gateway_->publish(address, std::move(push),
                      [&, taken](const caf::expected<outcome>& x) {
                        gateway_->answered(taken, 200);
                        nodes = x ? x->counts.nodes : 0;
                      });
    unit_.run();
    return nodes;
  }

  /// Returns the number of written frames.
  int64_t frames() const {
    int64_t result = 0;
    for (auto& socket : sockets_)
      result += socket->frames;
    return result;
  }

private:
  template <class Handle>
  Handle keep(Handle handle) {
    all_.push_back(caf::actor_cast<caf::actor>(handle));
    return handle;
  }

  system_config config_;
  caf::actor_system system_{config_};
  unit unit_{&system_};
  std::vector<caf::actor> all_;
  bus_actor bus_;
  registry_actor registry_;
  gateway* gateway_ = nullptr;
  std::vector<std::shared_ptr<open_socket>> sockets_;
};

const auto body = make_text(std::string(100, 'x'));

/// Fails a benchmark whose work was not done.
void require(benchmark::State& state, bool holds) {
  if (!holds)
    state.SkipWithError("its work was not done");
}

void deliver(benchmark::State& state) {
  node home;
  for (int64_t i = 0; i < state.range(0); ++i)
    home.open(std::to_string(i));
  auto greetings = home.frames();
  auto address = push_address::topic("news");
  push push{"node1-0123abcd-1000", body};
  for (auto _ : state)
    home.deliver(address, push);
  auto deliveries = state.iterations() * state.range(0);
  require(state, greetings == state.range(0)
                   && home.frames() == greetings + deliveries);
  state.SetItemsProcessed(deliveries);
}

void route(benchmark::State& state) {
  node home;
  home.open("456");
  auto address = push_address::id("456");
  uint64_t nodes = 0;
  for (auto _ : state)
    nodes += home.publish(address, body);
  require(state, nodes == uint64_t(state.iterations())
                   && home.frames() == 1 + state.iterations());
}

void trace(benchmark::State& state) {
  push_log pushes;
  delivery_log deliveries;
  delivery_history history;
  std::vector<std::string> ids;
  for (int i = 0; i < 1000; ++i)
    ids.push_back("user-" + std::to_string(i));
  push push{"node1-0123abcd-1000", body};
  frame frame{body};
  uint64_t number = 0;
  for (auto _ : state) {
    auto& id = ids[++number % ids.size()];
    auto taken = pushes.taken(id, number, push);
    frame.delivery = deliveries.add(id, push.id, 1);
    history.written(frame, number);
    pushes.answered(taken, 200);
  }
  require(state, !pushes.events(ids[number % ids.size()], "").empty());
}

void join_and_leave(benchmark::State& state) {
  node home;
  home.open("other");
  int64_t greeted = 0;
  for (auto _ : state) {
    greeted += home.open("456").frames;
    home.close_newest();
  }
  require(state, greeted == state.iterations());
}

BENCHMARK(deliver)
  ->Name("deliver to the sessions of a topic")
  ->Arg(1)
  ->Arg(100);
BENCHMARK(route)->Name("push from a gateway to a session");
BENCHMARK(trace)->Name("trace a push");
BENCHMARK(join_and_leave)->Name("join, be greeted, and leave");

} // namespace
