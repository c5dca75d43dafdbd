#include "net/server/server.hpp"

#include <utility>

#include <boost/asio/post.hpp>

#include "net/client_key.hpp"

namespace waybill::net {

namespace asio = boost::asio;

namespace {

/// Records every second the delay of the loop's timer.
void measure_lag(asio::steady_timer& timer, gateway& actors) {
  timer.expires_after(std::chrono::seconds{1});
  timer.async_wait([&timer, &actors](boost::system::error_code ec) {
    if (ec)
      return;
    actors.note(latency::lag,
                std::chrono::steady_clock::now() - timer.expiry());
    measure_lag(timer, actors);
  });
}

} // namespace

server::server(std::vector<worker> workers)
    : workers_(std::move(workers)),
      admits_([this](const peer_address& peer) { return admits(peer); }) {
  for (auto& [loop, context] : workers_)
    context.refusals = workers_[0].context.refusals;
  auto limit = workers_[0].context.config.max_connection_rate;
  if (limit > 0)
    peers_.emplace(
      rate{static_cast<double>(limit), static_cast<double>(limit)});
}

bool server::admits(const peer_address& peer) {
  auto& context = workers_[0].context;
  if (!peers_ || peer.is_unix()
      || contains(context.config.trusted_proxies, peer))
    return true;
  auto now = std::chrono::steady_clock::now();
  if (peers_->take(client_key(peer), now).count() == 0)
    return true;
  context.api.actors.count(metric::over_max_connection_rate);
  return false;
}

std::string server::listen(const listen_address& address, port_role role,
                           tls_ptr tls) {
  auto added = std::make_shared<listener>(workers_, address, role,
                                          std::move(tls), admits_);
  listeners_.push_back(added);
  return added->name();
}

void server::renew_tls(port_role role, const tls_ptr& tls) {
  for (auto& listener : listeners_)
    if (listener->role() == role)
      listener->renew_tls(tls);
}

void server::renew_access(const access_policy_ptr& rules) {
  for (auto& [loop, context] : workers_)
    asio::post(loop.context(),
               [&context = context, rules] { context.api.access = rules; });
}

void server::start() {
  for (auto& listener : listeners_)
    listener->accept();
  for (auto& [loop, context] : workers_)
    measure_lag(clocks_.emplace_back(loop.context()), context.api.actors);
}

void server::stop_listening() {
  asio::post(workers_[0].loop.context(), [this] {
    for (auto& listener : listeners_)
      listener->close();
  });
}

void server::finish(std::function<void()> then) {
  // The last copy of this pointer calls `then`: each loop holds one until it is
  // idle.
  auto last = std::shared_ptr<void>{nullptr, [then](void*) { then(); }};
  for (auto& [loop, context] : workers_)
    asio::post(loop.context(), [last, &context = context]() mutable {
      if (context.requests > 0)
        context.on_idle
          = [last = std::move(last)]() mutable { last = nullptr; };
    });
}

} // namespace waybill::net
