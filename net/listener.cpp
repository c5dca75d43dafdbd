#include "net/listener.hpp"

#include <algorithm>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "net/opening.hpp"

namespace waybill::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using endpoint = listener::protocol::endpoint;

namespace {

endpoint resolve(asio::io_context& context, const listen_address& where) {
  if (where.is_unix())
    return asio::local::stream_protocol::endpoint{where.path};
  auto flags = tcp::resolver::passive | tcp::resolver::numeric_service;
  auto found = tcp::resolver{context}.resolve(where.host, where.port, flags);
  return found.begin()->endpoint();
}

/// Tells whether `path` is a unix socket that was left behind.
bool is_left(asio::io_context& context, const std::string& path) {
  struct stat file {};
  if (::lstat(path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode))
    return false;
  asio::local::stream_protocol::socket probe{context};
  asio::local::stream_protocol::endpoint where{path};
  probe.open();
  // Else it would wait for a listener whose queue is full.
  probe.native_non_blocking(true);
  return ::connect(probe.native_handle(), where.data(), where.size()) != 0
         && errno == ECONNREFUSED;
}

/// Returns what removes the file of a unix socket in the end, unless another
/// has taken its place.
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

} // namespace

listener::listener(const std::vector<worker>& workers,
                   const listen_address& where, port_role role, tls_ptr tls,
                   const error_handler& on_error, const admission& admits)
    : workers_(workers), role_(role), tls_(std::move(tls)), on_error_(on_error),
      admits_(admits), acceptor_(workers[0].loop.context()),
      pause_(workers[0].loop.context()) {
  auto& context = workers[0].loop.context();
  auto what = resolve(context, where);
  acceptor_.open(what.protocol());
  if (where.is_unix()) {
    if (is_left(context, where.path))
      ::unlink(where.path.c_str());
    acceptor_.bind(what);
    file_ = make_remover(where.path);
  } else {
    acceptor_.set_option(tcp::acceptor::reuse_address(true));
    acceptor_.bind(what);
  }
  acceptor_.listen(4096);
  name_ = where.is_unix()
            ? to_string(where)
            : peer_address{*acceptor_.local_endpoint().data()}.text();
}

void listener::renew_tls(const tls_ptr& tls) {
  if (tls_)
    tls_ = tls;
}

void listener::accept() {
  auto& [loop, context] = workers_[next_++ % workers_.size()];
  acceptor_.async_accept(
    loop.context().get_executor(), peer_,
    [self = shared_from_this(), &loop = loop,
     &context = context](error_code ec, socket_type socket) {
      if (ec)
        return self->on_error(ec);
      arrival from{peer_address{*self->peer_.data()}, self->role_};
      self->delay_ = first_delay;
      self->accept();
      error_code ignored;
      if (!self->admits_(from.peer)) {
        // Who is reset leaves nothing behind, not even a TIME_WAIT.
        socket.set_option(asio::socket_base::linger(true, 0), ignored);
        return;
      }
      if (!from.peer.is_unix()) {
        socket.set_option(tcp::no_delay(true), ignored);
      }
      asio::dispatch(loop.context(), [&context, from, tls = self->tls_,
                                      socket = std::move(socket)]() mutable {
        open_connection(std::move(socket), context, from, tls);
      });
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
  on_error_(ec.message());
  pause_.expires_after(delay_);
  delay_ = std::min(2 * delay_, longest_delay);
  pause_.async_wait([self = shared_from_this()](error_code ec) {
    if (!ec && self->acceptor_.is_open())
      self->accept();
  });
}

} // namespace waybill::net
