#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/beast/http/field.hpp>
#include <caf/send.hpp>

#include "actors/core/text.hpp"
#include "actors/gateway.hpp"
#include "net/auth/permissions.hpp"
#include "net/config.hpp"
#include "net/envelope.hpp"
#include "net/peer_address.hpp"
#include "net/retry.hpp"
#include "net/session_transport.hpp"
#include "net/stream.hpp"
#include "net/websocket/beast.hpp"
#include "net/websocket/frame_head.hpp"
#include "net/websocket/message_buffer.hpp"
#include "net/websocket/rate_limited_stream.hpp"

namespace waybill::net {

namespace ws = boost::beast::websocket;

/// The WebSocket of one session on a stream of type `Stream`. Pending
/// operations and its session keep it alive.
template <class Stream>
class websocket_transport
    : public session_transport,
      public std::enable_shared_from_this<websocket_transport<Stream>> {
public:
  websocket_transport(Stream stream, const websocket_config& config,
                      client_info client)
      : session_transport(std::move(client)), ws_(std::move(stream)),
        rates_(config.rates) {
    ws_.set_option(ws::stream_base::timeout{config.handshake_timeout,
                                            config.idle_timeout, true});
    ws_.read_message_max(config.max_message);
    ws_.auto_fragment(false);
    if (config.compression) {
      ws::permessage_deflate deflate;
      deflate.server_enable = true;
      ws_.set_option(deflate);
    }
  }

  /// Completes the handshake, then opens the session of the client that holds
  /// `slot`. The session subscribes to `topics` and ends when `allowed`
  /// expires.
  /// @param guard is kept until the session is open.
  /// @pre `head` requests a WebSocket; it is not used after the call.
  template <class Head, class Guard>
  void start(const Head& head, gateway& actors, session_slot_ptr slot,
             std::vector<std::string> topics, permissions allowed,
             Guard guard) {
    output().keep_alive(this->weak_from_this());
    // A greeting follows the response.
    output().expect_more(actors.greets());
    is_named_ = allowed.protocol == named_protocol;
    ws_.set_option(ws::stream_base::decorator(
      [this, protocol = allowed.protocol](ws::response_type& response) {
        compresses_ = response.count(field::sec_websocket_extensions) > 0;
        response.set(field::server, "waybill");
        if (!protocol.empty())
          response.set(field::sec_websocket_protocol, protocol);
      }));
    ws_.async_accept(head, [self = this->shared_from_this(), &actors,
                            slot = std::move(slot), topics = std::move(topics),
                            expiry = allowed.expiry,
                            guard = std::move(guard)](error_code ec) mutable {
      if (ec)
        return;
      self->output().expect_more(false);
      self->session_ = actors.open_session(*slot, topics, self);
      self->ws_.next_layer().limit(self->rates_,
                                   [self = self.get()] { self->on_excess(); });
      self->ws_.control_callback(
        [self = self.get()](ws::frame_type type, std::string_view bytes) {
          if (type == ws::frame_type::pong)
            self->on_pong(bytes);
          else if (type == ws::frame_type::close)
            self->on_goodbye();
        });
      self->output().hold_if([self = self.get()](std::string_view frame) {
        return self->on_write(frame);
      });
      if (expiry)
        self->end_at(self->ws_.get_executor(), self, *expiry);
      self->read(reading{self});
    });
  }

  bool write(const frame& frame, uint64_t ping) override {
    // No frame may follow the answer to a close frame; `gone` is on its way.
    if (!session_)
      return false;
    if (is_named_ && frame.tracked)
      return write_message(enclose(frame), ping);
    return write_message(frame.body, ping);
  }

  // After a failure, no pong would be read.
  bool answers_pings() const override { return !failed_; }

  void ping(uint64_t number) override {
    pinged_ = number;
    ws_.async_ping(std::to_string(number).c_str(),
                   [self = this->shared_from_this()](error_code ec) {
                     if (ec)
                       self->cut();
                   });
  }

  transport_kind kind() const override {
    return is_named_ ? transport_kind::named_websocket
                     : transport_kind::websocket;
  }

  void close(const close_reason& why) override {
    closing_ = true;
    // A client that does not read gets no close frame; its connection is cut.
    cut_after(close_timeout_of(why.code));
    if (failed_)
      return output().release();
    ws_.async_close(
      ws::close_reason{static_cast<ws::close_code>(why.code), close_text(why)},
      [self = this->shared_from_this()](error_code) { self->cut(); });
  }

private:
  using error_code = boost::system::error_code;
  using field = boost::beast::http::field;

  frame_writer<Stream>& output() { return ws_.next_layer().output(); }

  /// Handles a close frame of the client. Beast answers it and waits for the
  /// end of the connection, which may not come.
  void on_goodbye() {
    leave();
    cut_after(close_timeout);
  }

  /// Tells whether to hold a write of Beast. After a protocol error, Beast
  /// would end the WebSocket at once; its close frame is held so that the
  /// session can write its queue first.
  bool on_write(std::string_view frame) {
    if (ws_.is_open()) {
      if (is_data(frame))
        is_fragmented_ = !is_final(frame);
      return false;
    }
    if (!is_ending())
      cut_after(close_timeout);
    // Only Beast can complete a message that it compresses in parts.
    if (closing_ || is_fragmented_ || !session_)
      return false;
    failed_ = true;
    // Beast does not start this write before its close frame is written.
    if (in_flight_ && write_plain(*in_flight_))
      on_written({});
    switch (close_code_of(frame)) {
    case close_code::bad_text:
      end_session(close_code::bad_text, "send text as UTF-8");
      break;
    case close_code::too_big:
      end_session(close_code::too_big, "your message is too large");
      break;
    default:
      end_session(close_code::protocol_error, "you broke the protocol");
    }
    return true;
  }

  /// Writes a message, and a ping behind it, if any.
  /// @returns whether the socket has taken it.
  bool write_message(const payload& message, uint64_t ping) {
    if (!compresses_ || failed_)
      return write_plain(message, ping);
    write_compressed(message, ping);
    return false;
  }

  /// Writes a frame and a ping, if any, by hand, which costs much less than
  /// through Beast.
  /// @returns whether the socket has taken it.
  bool write_plain(const payload& frame, uint64_t ping = 0) {
    if (ping > 0)
      pinged_ = ping;
    return output().write(frame, ping > 0 ? ping_frame{ping} : ping_frame{},
                          [this](error_code ec) { on_written(ec); });
  }

  void write_compressed(const payload& frame, uint64_t ping) {
    in_flight_ = frame;
    ws_.text(frame.type() == payload::format::text);
    auto bytes = frame.bytes();
    ws_.async_write(
      boost::asio::buffer(bytes.data(), bytes.size()),
      [self = this->shared_from_this(), frame, ping](error_code ec, size_t) {
        // If Beast failed, `on_write` wrote this frame.
        if (self->failed_)
          return;
        if (ping > 0 && !ec)
          self->ping(ping);
        self->on_written(ec);
      });
  }

  void on_written(error_code ec) {
    in_flight_.reset();
    if (ec)
      cut();
    else if (session_)
      caf::anon_send(session_, written_atom_v);
  }

  /// Handles a pong. Forwards only the answer to the last ping: unsolicited
  /// pongs must not fill the session's mailbox.
  void on_pong(std::string_view bytes) {
    if (pinged_ == 0 || bytes != std::to_string(pinged_) || !session_)
      return;
    // The server causes one pong per push, so they do not count.
    ws_.next_layer().limiter().refund();
    caf::anon_send(session_, pong_atom_v, std::exchange(pinged_, 0));
  }

  /// Handles a client that exceeds its rate limits: ignores further messages.
  void on_excess() {
    ignored_ = true;
    end_session(close_code::policy_violation, "you send too much");
  }

  void read(reading token) {
    // Reads in parts: for a whole message, Beast allocates the size in its
    // frame header, which is unchecked for compressed ones.
    ws_.async_read_some(
      message_.prepare(),
      [this, token = std::move(token)](error_code ec, size_t size) mutable {
        if (ec)
          return;
        message_.commit(size);
        if (ws_.is_message_done())
          receive(message_.take());
        read(std::move(token));
      });
  }

  void receive(std::string bytes) {
    if (ignored_)
      return;
    auto type
      = ws_.got_text() ? payload::format::text : payload::format::binary;
    // Beast does not detect a text that is truncated before an empty last
    // fragment.
    if (type == payload::format::text && !is_utf8(bytes)) {
      ignored_ = true;
      return end_session(close_code::bad_text, "send text as UTF-8");
    }
    if (session_)
      caf::anon_send(session_, receive_atom_v, payload{type, std::move(bytes)});
  }

  using session_transport::cut_after;

  void cut_after(std::chrono::seconds time) {
    cut_after(ws_.get_executor(), this->weak_from_this(), time);
  }

  void cut() override {
    close_stream(boost::beast::get_lowest_layer(ws_));
    // The write fails, which releases the references to this transport.
    output().release();
  }

  ws::stream<rate_limited_stream<Stream>> ws_;
  const client_rates& rates_;
  message_buffer message_;

  /// Set if the client gets pushes with their names.
  bool is_named_ = false;

  /// The number in the unanswered ping; 0 if there is none.
  uint64_t pinged_ = 0;

  /// Set after invalid text or excess input.
  bool ignored_ = false;

  /// Set after Beast failed on a protocol error of the client.
  bool failed_ = false;

  /// Set once the session has closed the WebSocket.
  bool closing_ = false;

  /// Set if Beast compresses the messages of the session.
  bool compresses_ = false;

  /// The frame that Beast compresses, if any.
  std::optional<payload> in_flight_;

  /// Set while Beast has written a part of a message.
  bool is_fragmented_ = false;
};

} // namespace waybill::net
