#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/beast/http/field.hpp>
#include <caf/send.hpp>

#include "actors/gateway.hpp"
#include "net/auth/permissions.hpp"
#include "net/config.hpp"
#include "net/envelope.hpp"
#include "net/retry.hpp"
#include "net/session_transport.hpp"
#include "net/stream.hpp"
#include "net/websocket/frame_rate_limiter.hpp"
#include "net/websocket/frame_reader.hpp"
#include "net/websocket/frame_writer.hpp"
#include "net/websocket/handshake.hpp"
#include "net/websocket/read_buffer.hpp"

namespace waybill::net {

/// The WebSocket of one session on a stream of type `Stream`. Pending
/// operations and its session keep it alive.
template <class Stream>
class websocket_transport
    : public session_transport,
      public std::enable_shared_from_this<websocket_transport<Stream>> {
public:
  /// @param config must outlive this.
  websocket_transport(Stream stream, const websocket_config& config,
                      client_info client)
      : session_transport(std::move(client)), stream_(std::move(stream)),
        reader_(config.max_message), rates_(config.rates), config_(config),
        timer_(make_timer(stream_.get_executor())) {
    // nop
  }

  /// Accepts the handshake, and opens the session of the client that holds
  /// `slot`. The session subscribes to `topics` and ends when `allowed`
  /// expires.
  /// @pre `head` requests a WebSocket; it is not used after the call.
  template <class Head>
  void start(const Head& head, gateway& actors, session_slot_ptr slot,
             const std::vector<std::string>& topics,
             const permissions& allowed) {
    using field = boost::beast::http::field;
    auto self = this->shared_from_this();
    std::optional<compression_params> compression;
    if (config_.compression)
      compression = accept_compression(head[field::sec_websocket_extensions]);
    if (compression) {
      compressor_ = std::make_unique<compressor>(*compression);
      reader_.accept_compression(std::make_unique<decompressor>(*compression));
    }
    is_named_ = allowed.protocol == named_protocol;
    writer_.start(self, [this](error_code ec) { on_controls(ec); });
    // A greeting follows the response.
    writer_.write(handshake_response(head[field::sec_websocket_key],
                                     allowed.protocol, compression),
                  actors.greets());
    session_ = actors.open_session(*slot, topics, self);
    if (allowed.expiry)
      end_at(stream_.get_executor(), self, *allowed.expiry);
    await_silence();
    read(reading{self});
  }

  bool write(const frame& frame, uint64_t ping) override {
    // No frame may follow the answer to a close frame; `gone` is on its way.
    if (!session_)
      return false;
    if (is_named_ && frame.tracked)
      return write_message(enclose(frame), ping);
    return write_message(frame.body, ping);
  }

  // Nothing is read from a client that has broken the protocol.
  bool answers_pings() const override { return !input_ended_; }

  void ping(uint64_t number) override {
    pinged_ = number;
    writer_.write(ping_frame{number}.bytes());
  }

  transport_kind kind() const override {
    return is_named_ ? transport_kind::named_websocket
                     : transport_kind::websocket;
  }

  void close(const close_reason& why) override {
    if (closed_)
      return;
    // A client that does not read gets no close frame; its connection is cut.
    cut_after(close_timeout_of(why.code));
    write_close(static_cast<uint16_t>(why.code), close_text(why));
    go_on();
  }

private:
  using error_code = boost::system::error_code;
  using clock = std::chrono::steady_clock;

  // -- input ------------------------------------------------------------------

  void read(reading token) {
    auto on_read
      = [this, token = std::move(token)](error_code ec, size_t size) mutable {
          if (ec)
            return;
          receive(input_.read(size));
          token_.emplace(std::move(token));
          go_on();
        };
    stream_.async_read_some(
      input_.prepare(),
      boost::asio::bind_allocator(exact_allocator{}, std::move(on_read)));
  }

  /// Reads on, or ends the connection, unless output has to be written first.
  void go_on() {
    if (!token_ || pong_waits_)
      return;
    if (!input_ended_)
      return read(*std::exchange(token_, std::nullopt));
    if (closed_ && !writer_.has_controls())
      end(*std::exchange(token_, std::nullopt));
  }

  void receive(std::string_view bytes) {
    is_silent_ = false;
    auto now = clock::now();
    while (!input_ended_ && !bytes.empty()) {
      auto size = bytes.size();
      auto event = reader_.read(bytes);
      if (!rates_.take(reader_.take_count(), size - bytes.size(), now))
        return fail(close_code::policy_violation, "you send too much");
      if (event)
        std::visit([this](auto& x) { this->on(x); }, *event);
    }
  }

  void on(frame_reader::message& message) {
    if (session_)
      caf::anon_send(session_, receive_atom_v,
                     payload{message.type, std::move(message.bytes)});
  }

  void on(const frame_reader::ping& ping) {
    if (closed_)
      return;
    // A client that reads no pongs is not read from, either.
    if (!writer_.write(control_frame(frame_opcode::pong, ping.bytes)))
      pong_waits_ = true;
  }

  /// Handles a pong. Forwards only the answer to the last ping: unsolicited
  /// pongs must not fill the session's mailbox.
  void on(const frame_reader::pong& pong) {
    if (pinged_ == 0 || pong.bytes != std::to_string(pinged_) || !session_)
      return;
    // The server causes one pong per push, so they do not count.
    rates_.refund();
    caf::anon_send(session_, pong_atom_v, std::exchange(pinged_, 0));
  }

  void on(const frame_reader::close& close) {
    input_ended_ = true;
    leave();
    // The end of the connection may not come.
    cut_after(close_timeout);
    if (!closed_)
      write_close(close.code);
  }

  void on(const frame_reader::violation& wrong) {
    switch (wrong.code) {
    case close_code::bad_text:
      return fail(wrong.code, "send text as UTF-8");
    case close_code::too_big:
      return fail(wrong.code, "your message is too large");
    default:
      return fail(wrong.code, "you broke the protocol");
    }
  }

  /// Ignores further input, and requests the end of the session, which can
  /// write its queue first.
  void fail(close_code code, const char* reason) {
    input_ended_ = true;
    if (!is_ending())
      cut_after(close_timeout);
    end_session(code, reason);
  }

  // -- output -----------------------------------------------------------------

  /// Writes a message, and a ping behind it, if any.
  /// @returns whether the socket has taken it.
  bool write_message(const payload& message, uint64_t ping) {
    if (ping > 0)
      pinged_ = ping;
    auto number = ping > 0 ? ping_frame{ping} : ping_frame{};
    auto on_end = [this](error_code ec) { on_written(ec); };
    if (!compressor_)
      return writer_.write(head_of(message), message, number, on_end);
    payload small{message.type(), compressor_->compress(message.bytes())};
    return writer_.write(head_of(small, true), small, number, on_end);
  }

  void on_written(error_code ec) {
    if (ec)
      cut();
    else if (session_)
      caf::anon_send(session_, written_atom_v);
  }

  void write_close(uint16_t code, std::string_view reason = {}) {
    closed_ = true;
    writer_.write(close_frame(code, reason));
  }

  /// Handles the end of the writing of control frames that had to wait.
  void on_controls(error_code ec) {
    pong_waits_ = false;
    if (ec)
      cut();
    else
      go_on();
  }

  // -- the end ----------------------------------------------------------------

  void await_silence() {
    timer_.expires_after(config_.idle_timeout / 2);
    timer_.async_wait([weak = this->weak_from_this()](error_code ec) {
      if (auto self = weak.lock(); self && !ec)
        self->on_half_time();
    });
  }

  /// Pings the client, or cuts it if it has sent nothing since the last time.
  void on_half_time() {
    if (std::exchange(is_silent_, true))
      return cut();
    if (!input_ended_ && !closed_)
      writer_.write(control_frame(frame_opcode::ping, {}));
    await_silence();
  }

  /// Ends a connection whose WebSocket both sides have closed: awaits its end
  /// by the client, so that it can read all output.
  void end(reading token) {
    auto kept = std::make_shared<reading>(std::move(token));
    end_stream(stream_, [this, kept] { drain_stream(stream_, [kept] {}); });
  }

  using session_transport::cut_after;

  void cut_after(std::chrono::seconds time) {
    cut_after(stream_.get_executor(), this->weak_from_this(), time);
  }

  void cut() override {
    close_stream(stream_);
    // The end of a chain of reads that is not continued.
    auto ended = std::exchange(token_, std::nullopt);
  }

  Stream stream_;
  frame_writer<Stream> writer_{stream_};
  frame_reader reader_;
  read_buffer input_;
  frame_rate_limiter rates_;
  const websocket_config& config_;

  /// Null if the messages of the session are not compressed.
  std::unique_ptr<compressor> compressor_;

  timer_type timer_;

  /// Set while there is no pending read.
  std::optional<reading> token_;

  /// The number in the unanswered ping; 0 if there is none.
  uint64_t pinged_ = 0;

  /// Set if the client gets pushes with their names.
  bool is_named_ = false;

  /// Set until the client sends something after half of the idle timeout.
  bool is_silent_ = false;

  /// Set while a pong waits for the client to read.
  bool pong_waits_ = false;

  /// Set once nothing more is read: after a close frame or a violation.
  bool input_ended_ = false;

  /// Set once a close frame was written, the last frame.
  bool closed_ = false;
};

} // namespace waybill::net
