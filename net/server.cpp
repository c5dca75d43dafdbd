#include "net/server.hpp"

#include <utility>

#include <boost/asio/post.hpp>

namespace waybill::net {

namespace asio = boost::asio;

namespace {

/// Leaves out what comes within a second of the last.
listener::error_handler once_a_second(listener::error_handler then) {
  using clock = std::chrono::steady_clock;
  return [then = std::move(then),
          last = clock::time_point{}](const std::string& what) mutable {
    auto now = clock::now();
    if (now - last < std::chrono::seconds{1})
      return;
    last = now;
    then(what);
  };
}

} // namespace

server::server(std::vector<worker> workers, listener::error_handler on_error)
    : workers_(std::move(workers)),
      on_error_(once_a_second(std::move(on_error))) {
  // nop
}

std::string server::listen(const listen_address& where, port_role role) {
  auto added = std::make_shared<listener>(workers_, where, role, on_error_);
  listeners_.push_back(added);
  return added->name();
}

void server::start() {
  for (auto& each : listeners_)
    each->accept();
}

void server::stop_listening() {
  asio::post(workers_[0].loop.context(), [this] {
    for (auto& each : listeners_)
      each->close();
  });
}

void server::finish(std::function<void()> then) {
  // The last copy of this calls `then`: each loop holds one until it is idle.
  auto last = std::shared_ptr<void>{nullptr, [then](void*) { then(); }};
  for (auto& [loop, context] : workers_)
    asio::post(loop.context(), [last, &context = context]() mutable {
      if (context.requests > 0)
        context.on_idle
          = [last = std::move(last)]() mutable { last = nullptr; };
    });
}

} // namespace waybill::net
