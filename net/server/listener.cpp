#include "net/server/listener.hpp"

#include <algorithm>
#include <limits>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/server/proxy_handshake.hpp"

namespace waybill::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using endpoint = listener::protocol::endpoint;

namespace {

endpoint resolve(asio::io_context& context, const listen_address& address) {
  if (address.is_unix())
    return asio::local::stream_protocol::endpoint{address.path};
  auto flags = tcp::resolver::passive | tcp::resolver::numeric_service;
  auto found
    = tcp::resolver{context}.resolve(address.host, address.port, flags);
  return found.begin()->endpoint();
}

/// Tells whether `path` is a stale unix socket.
bool is_left(asio::io_context& context, const std::string& path) {
  struct stat file {};
  if (::lstat(path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode))
    return false;
  asio::local::stream_protocol::socket probe{context};
  asio::local::stream_protocol::endpoint endpoint{path};
  probe.open();
  // A blocking connect would wait for a listener with a full backlog.
  probe.native_non_blocking(true);
  return ::connect(probe.native_handle(), endpoint.data(), endpoint.size()) != 0
         && errno == ECONNREFUSED;
}

/// Returns a guard that removes the file of a unix socket, unless it has been
/// replaced.
std::shared_ptr<void> make_remover(const std::string& path) {
  struct stat ours {};
  if (::lstat(path.c_str(), &ours) != 0)
    return nullptr;
  return {nullptr, [path, ours](void*) {
            struct stat now {};
            if (::lstat(path.c_str(), &now) == 0 && now.st_ino == ours.st_ino
                && now.st_dev == ours.st_dev)
              ::unlink(path.c_str());
          }};
}

/// Closes a socket by a reset, which leaves no TIME_WAIT.
void reset(socket_type socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
}

/// Returns the first descriptor that connections of a port may not use: the
/// last 16 are reserved for admins and the node's own files, the last four of
/// them for the latter.
int last_descriptor(port_role role) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return std::numeric_limits<int>::max();
  auto all = std::min<rlim_t>(limit.rlim_cur, std::numeric_limits<int>::max());
  auto kept = std::min<rlim_t>(role == port_role::admins ? 4 : 16, all / 4);
  return static_cast<int>(all - kept);
}

/// Moves a socket to a descriptor below `limit`, if one is free.
bool move_below(socket_type& socket, int limit) {
  auto free = ::fcntl(socket.native_handle(), F_DUPFD_CLOEXEC, 0);
  if (free < 0)
    return false;
  error_code ec;
  auto protocol = socket.local_endpoint(ec).protocol();
  if (ec || free >= limit) {
    ::close(free);
    return false;
  }
  ::close(socket.release(ec));
  socket.assign(protocol, free, ec);
  return !ec;
}

} // namespace

listener::listener(const std::vector<worker>& workers,
                   const listen_address& address, port_role role, tls_ptr tls,
                   const admission& admits)
    : workers_(workers), role_(role), tls_(std::move(tls)), admits_(admits),
      acceptor_(workers[0].loop.context()), pause_(workers[0].loop.context()) {
  auto& context = workers[0].loop.context();
  auto endpoint = resolve(context, address);
  acceptor_.open(endpoint.protocol());
  if (address.is_unix()) {
    if (is_left(context, address.path))
      ::unlink(address.path.c_str());
    acceptor_.bind(endpoint);
    file_ = make_remover(address.path);
  } else {
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    // Its connections inherit this.
    acceptor_.set_option(tcp::no_delay(true));
    acceptor_.bind(endpoint);
  }
  acceptor_.listen(4096);
  name_ = address.is_unix()
            ? to_string(address)
            : peer_address{*acceptor_.local_endpoint().data()}.text();
}

void listener::renew_tls(const tls_ptr& tls) {
  if (tls_)
    tls_ = tls;
}

void listener::accept() {
  auto& to = workers_[next_++ % workers_.size()];
  acceptor_.async_accept(
    to.loop.context().get_executor(), peer_,
    [self = shared_from_this(), &to](error_code ec, socket_type socket) {
      if (ec)
        return self->on_error(ec);
      self->delay_ = first_delay;
      self->deal(std::move(socket), to);
    });
}

void listener::deal(socket_type socket, const worker& to) {
  connection_info from{peer_address{*peer_.data()}, role_};
  error_code ignored;
  if (!admits_(from.peer)) {
    reset(std::move(socket));
    return accept();
  }
  // Now, or a WebSocket would need a second system call for it.
  socket.non_blocking(true, ignored);
  auto limit = last_descriptor(role_);
  if (socket.native_handle() >= limit)
    return deal_for_another(std::move(socket), to, from, limit);
  accept();
  asio::dispatch(to.loop.context(),
                 [&to, from, tls = tls_, socket = std::move(socket)]() mutable {
                   open_connection(std::move(socket), to.context, from, tls);
                 });
}

void listener::deal_for_another(socket_type socket, const worker& to,
                                const connection_info& from, int limit) {
  auto waiting = std::make_shared<socket_type>(std::move(socket));
  auto act = [self = shared_from_this(), &to, from, limit, tls = tls_,
              waiting](bool found) {
    auto& context = to.context;
    if (found && move_below(*waiting, limit)) {
      open_connection(std::move(*waiting), context, from, tls);
    } else {
      reset(std::move(*waiting));
      context.api.actors.count(metric::refused_connections);
      context.refusals->add(spdlog::level::warn, "descriptors", [&] {
        return log_fields({{"peer", from.peer.text()}})
               + "WB-301 refused a connection of " + from.peer.text()
               + ": no file descriptor is left; raise ulimit -n, or lower "
                 "--max-sessions";
      });
    }
    // Accepts the next one only now, so that many cannot compete for one idle
    // connection.
    asio::post(self->acceptor_.get_executor(), [self] {
      if (self->acceptor_.is_open())
        self->accept();
    });
  };
  close_idle(0, [&to, act = std::move(act)](bool found) {
    asio::dispatch(to.loop.context(), [act, found] { act(found); });
  });
}

void listener::close_idle(size_t attempt, std::function<void(bool)> then) {
  auto count = workers_.size();
  if (attempt == 2 * count)
    return then(false);
  auto& [loop, context] = workers_[attempt % count];
  asio::dispatch(loop.context(), [self = shared_from_this(), attempt, count,
                                  then = std::move(then), &context = context] {
    if (context.connections(self->role_).close_longest(attempt >= count))
      then(true);
    else
      self->close_idle(attempt + 1, then);
  });
}

void listener::close() {
  pause_.cancel();
  acceptor_.close();
  file_ = nullptr;
}

void listener::on_error(error_code ec) {
  if (ec == asio::error::operation_aborted || !acceptor_.is_open())
    return;
  if (ec == asio::error::connection_aborted)
    return accept();
  close_idle(0, [](bool) {});
  workers_[0].context.refusals->add(spdlog::level::err, "accept", [&] {
    return "WB-302 cannot accept connections: " + ec.message();
  });
  pause_.expires_after(delay_);
  delay_ = std::min(2 * delay_, longest_delay);
  pause_.async_wait([self = shared_from_this()](error_code ec) {
    if (!ec && self->acceptor_.is_open())
      self->accept();
  });
}

} // namespace waybill::net
