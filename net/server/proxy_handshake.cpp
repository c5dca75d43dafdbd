#include "net/server/proxy_handshake.hpp"

#include <array>
#include <memory>
#include <string>

#include "net/server/proxy_header.hpp"
#include "net/stream.hpp"
#include "net/timer.hpp"

namespace waybill::net {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;

void start(socket_type socket, server_context& context,
           const connection_info& from, const tls_ptr& tls) {
  if (tls)
    serve_tls(std::move(socket), context, from, tls);
  else
    serve(std::move(socket), context, from);
}

/// A connection until its proxy has named the client. The pending operation
/// keeps it alive.
class proxy_handshake : public std::enable_shared_from_this<proxy_handshake> {
public:
  proxy_handshake(socket_type socket, server_context& context,
                  const connection_info& from, const tls_ptr& tls)
      : socket_(std::move(socket)), timer_(make_timer(socket_.get_executor())),
        context_(context), from_(from), tls_(tls) {
    // nop
  }

  void start() {
    slot_ = add_connection(context_, from_, [this] { close(); });
    timer_.expires_after(context_.config.head_timeout);
    timer_.async_wait([weak = weak_from_this()](error_code ec) {
      if (auto self = weak.lock(); self && !ec)
        self->fail("the header took too long");
    });
    error_code ec;
    socket_.non_blocking(true, ec);
    if (ec)
      return fail(ec.message());
    read();
  }

private:
  void read() {
    socket_.async_wait(socket_type::wait_read,
                       [self = shared_from_this()](error_code ec) {
                         if (!ec && self->socket_.is_open())
                           self->on_readable();
                       });
  }

  /// Reads no byte after the header, which may be TLS.
  void on_readable() {
    std::array<char, 512> next;
    error_code ec;
    auto size = socket_.receive(asio::buffer(next),
                                asio::socket_base::message_peek, ec);
    if (ec == asio::error::would_block)
      return read();
    if (ec)
      return fail("it ended before the header");
    auto before = header_.size();
    header_.append(next.data(), size);
    auto header = parse_proxy_header(header_);
    if (header.size < 0)
      return fail("it does not begin with a header");
    if (header.size > 0)
      size = static_cast<size_t>(header.size) - before;
    socket_.receive(asio::buffer(next, size), 0, ec);
    if (ec)
      return fail(ec.message());
    if (header.size == 0)
      return read();
    timer_.cancel();
    slot_.leave();
    if (header.client)
      from_.peer = *header.client;
    waybill::net::start(std::move(socket_), context_, from_, tls_);
  }

  void fail(const std::string& why) {
    close();
    context_.api.actors.count(metric::proxy_failures);
    context_.refusals->add(spdlog::level::info, "proxy", [&] {
      return log_fields({{"peer", from_.peer.text()}})
             + "no PROXY protocol with " + from_.peer.text() + ": " + why;
    });
  }

  void close() {
    timer_.cancel();
    slot_.leave();
    close_stream(socket_);
  }

  socket_type socket_;
  timer_type timer_;
  server_context& context_;
  connection_info from_;
  const tls_ptr tls_;
  open_connections::slot slot_;
  std::string header_;
};

} // namespace

void open_connection(socket_type socket, server_context& context,
                     const connection_info& from, const tls_ptr& tls) {
  auto& config = context.config;
  if (config.proxy_protocol && contains(config.trusted_proxies, from.peer))
    std::make_shared<proxy_handshake>(std::move(socket), context, from, tls)
      ->start();
  else
    start(std::move(socket), context, from, tls);
}

} // namespace waybill::net
