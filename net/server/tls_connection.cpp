#include <memory>
#include <string>

#include <boost/asio/ssl/stream.hpp>

#include "net/server/connection.hpp"
#include "net/server/http_connection.hpp"

// Separate from net/server/connection.cpp, so that both compile in parallel.

namespace waybill::net {

namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

/// A connection during its TLS handshake, which keeps it alive.
class tls_handshake : public std::enable_shared_from_this<tls_handshake> {
public:
  tls_handshake(socket_type socket, server_context& context,
                const connection_info& from, const tls_ptr& tls)
      : stream_(std::move(socket), *tls),
        timer_(make_timer(stream_.get_executor())), context_(context),
        from_(from) {
    // nop
  }

  void start() {
    slot_ = add_connection(context_, from_, [this] { close(); });
    timer_.expires_after(context_.config.head_timeout);
    timer_.async_wait([weak = weak_from_this()](error_code ec) {
      auto self = weak.lock();
      if (!self || ec)
        return;
      self->late_ = true;
      self->close();
    });
    stream_.async_handshake(
      ssl::stream_base::server, [self = shared_from_this()](error_code ec) {
        self->timer_.cancel();
        if (!self->stream_.lowest_layer().is_open() && !self->late_)
          return;
        if (ec || self->late_)
          return self->on_failure(ec);
        self->slot_.leave();
        std::make_shared<http_connection<stream>>(std::move(self->stream_),
                                                  self->context_, self->from_)
          ->start();
      });
  }

private:
  using stream = ssl::stream<socket_type>;

  void on_failure(error_code ec) {
    context_.api.actors.count(metric::tls_failures);
    close();
    // A peer that only disconnects, such as a TCP health check, is not logged.
    auto is_gone = ec == ssl::error::stream_truncated
                   || ec == boost::asio::error::connection_reset;
    if (is_gone)
      return;
    context_.refusals->add(spdlog::level::info, "tls", [&] {
      auto why = SSL_get_verify_result(stream_.native_handle());
      return log_fields({{"peer", from_.peer.text()}}) + "no TLS with "
             + from_.peer.text() + ": "
             + (late_              ? "the handshake took too long"
                : why == X509_V_OK ? ec.message()
                                   : X509_verify_cert_error_string(why));
    });
  }

  void close() {
    slot_.leave();
    close_stream(stream_);
  }

  stream stream_;
  timer_type timer_;
  server_context& context_;
  const connection_info from_;
  open_connections::slot slot_;
  bool late_ = false;
};

} // namespace

void serve_tls(socket_type socket, server_context& context,
               const connection_info& from, const tls_ptr& tls) {
  std::make_shared<tls_handshake>(std::move(socket), context, from, tls)
    ->start();
}

} // namespace waybill::net
