#include <memory>
#include <string>

#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include "net/connection.hpp"
#include "net/http_connection.hpp"

// Apart from net/connection.cpp, so that both compile at the same time.

namespace waybill::net {

namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

/// A connection until it speaks TLS. It is kept alive by the handshake.
class handshake : public std::enable_shared_from_this<handshake> {
public:
  handshake(socket_type socket, server_context& context, const arrival& from,
            const tls_ptr& tls)
      : stream_(std::move(socket), *tls),
        timer_(make_timer(stream_.get_executor())), context_(context),
        from_(from) {
    // nop
  }

  void start() {
    timer_.expires_after(context_.config.head_timeout);
    timer_.async_wait([weak = weak_from_this()](error_code ec) {
      auto self = weak.lock();
      if (!self || ec)
        return;
      self->late_ = true;
      close_stream(self->stream_);
    });
    stream_.async_handshake(
      ssl::stream_base::server, [self = shared_from_this()](error_code ec) {
        self->timer_.cancel();
        if (ec || self->late_)
          return self->on_failure(ec);
        std::make_shared<http_connection<stream>>(std::move(self->stream_),
                                                  self->context_, self->from_)
          ->start();
      });
  }

private:
  using stream = ssl::stream<socket_type>;

  void on_failure(error_code ec) {
    context_.api.actors.count("tls_failures");
    close_stream(stream_);
    // Who only goes away, such as a probe that connects, has no complaint.
    auto is_gone = ec == ssl::error::stream_truncated
                   || ec == boost::asio::error::connection_reset;
    if (is_gone || !context_.on_bad_start)
      return;
    auto why = SSL_get_verify_result(stream_.native_handle());
    context_.on_bad_start("no TLS with " + from_.peer.text() + ": "
                          + (late_ ? "the handshake took too long"
                             : why == X509_V_OK
                               ? ec.message()
                               : X509_verify_cert_error_string(why)));
  }

  stream stream_;
  timer_type timer_;
  server_context& context_;
  const arrival from_;
  bool late_ = false;
};

} // namespace

void serve_tls(socket_type socket, server_context& context, const arrival& from,
               const tls_ptr& tls) {
  std::make_shared<handshake>(std::move(socket), context, from, tls)->start();
}

} // namespace waybill::net
