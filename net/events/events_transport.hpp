#pragma once

#include <array>
#include <cassert>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <caf/send.hpp>

#include "actors/gateway.hpp"
#include "net/auth/permissions.hpp"
#include "net/config.hpp"
#include "net/envelope.hpp"
#include "net/events/event_encoder.hpp"
#include "net/events/event_position.hpp"
#include "net/events/event_stream.hpp"
#include "net/retry.hpp"
#include "net/session_transport.hpp"
#include "net/stream.hpp"
#include "net/timer.hpp"

namespace waybill::net {

/// The event stream of one session, on a stream of type `Stream`. Pending
/// operations and its session keep it alive.
///
/// It is the rest of an HTTP connection: a client that sends anything more is
/// disconnected.
template <class Stream>
class events_transport
    : public session_transport,
      public std::enable_shared_from_this<events_transport<Stream>> {
public:
  /// @param position the position of the client in the former stream.
  /// @param is_named set if the client gets pushes with their names.
  events_transport(Stream stream, const connection_config& config,
                   client_info client, event_position position, bool is_named)
      : session_transport(std::move(client)), stream_(std::move(stream)),
        idle_timeout_(config.websocket.idle_timeout), is_named_(is_named),
        position_({std::move(position.entry)}),
        silence_(make_timer(stream_.get_executor())),
        lifetime_(make_timer(stream_.get_executor())) {
    lifetime_.expires_after(spread_lifetime(config.events_lifetime));
  }

  /// Sends the head of the response, and opens the session of the client that
  /// holds `slot`. The session subscribes to `topics` and ends when `allowed`
  /// expires.
  void start(gateway& actors, session_slot_ptr slot,
             const std::vector<std::string>& topics,
             const permissions& allowed) {
    auto self = this->shared_from_this();
    session_ = actors.open_session(*slot, topics, self, position_.entry);
    put(open_stream(allowed.origin, spread_retry()));
    if (allowed.expiry)
      end_at(stream_.get_executor(), self, *allowed.expiry);
    await_lifetime();
    await_silence(idle_timeout_ / 2);
    read(reading{self});
  }

  bool write(const frame& frame, uint64_t) override {
    std::string id;
    if (is_kept(frame))
      id = position_.entry = frame.tracked->entry;
    else if (frame.is_greeting)
      id = to_string(position_);
    if (is_named_ && frame.tracked)
      event_.emplace("push", id, enclose(frame));
    else
      event_.emplace(frame.is_greeting ? "hello" : "", id, frame.body);
    write_next();
    return false;
  }

  bool answers_pings() const override { return false; }

  void ping(uint64_t) override { assert(false); }

  transport_kind kind() const override {
    return is_named_ ? transport_kind::named_events : transport_kind::events;
  }

  void close(const close_reason& reason) override {
    is_closing_ = true;
    cut_after(stream_.get_executor(), this->weak_from_this(),
              close_timeout_of(reason.code));
    if (is_named_)
      texts_ += close_event(reason);
    put(close_stream_text(reason, position_,
                          is_over_ ? short_retry : retry_of(reason)));
  }

private:
  using error_code = boost::system::error_code;
  using clock = timer_type::clock_type;

  /// Approximate maximum size of the encoded part of an event, in bytes.
  static constexpr size_t max_piece = 16 * 1024;

  // -- writing ----------------------------------------------------------------

  /// Writes a text of this transport, between two events.
  void put(std::string text) {
    texts_ += text;
    write_next();
  }

  void write_next() {
    if (is_writing_)
      return;
    if (event_)
      output_ = event_->next(max_piece);
    else if (!texts_.empty())
      output_ = std::exchange(texts_, {});
    else if (is_closing_)
      return end();
    else
      return;
    is_writing_ = true;
    written_at_ = clock::now();
    boost::asio::async_write(
      stream_, boost::asio::buffer(output_),
      [self = this->shared_from_this()](error_code ec, size_t) {
        self->on_written(ec);
      });
  }

  void on_written(error_code ec) {
    is_writing_ = false;
    // An idle stream holds no buffer.
    output_ = {};
    if (ec)
      return cut();
    if (event_ && event_->is_done()) {
      event_.reset();
      if (session_)
        caf::anon_send(session_, written_atom_v);
    }
    write_next();
  }

  /// Ends the response; the client then closes the connection.
  void end() {
    if (!std::exchange(has_ended_, true))
      end_stream(stream_, [self = this->shared_from_this()] {});
  }

  void cut() override { close_stream(stream_); }

  // -- reading ----------------------------------------------------------------

  /// Waits for the end of the connection.
  void read(reading token) {
    stream_.async_read_some(boost::asio::buffer(input_),
                            [token = std::move(token)](error_code, size_t) {
                              // The token closes the stream.
                            });
  }

  // -- time limits ------------------------------------------------------------

  /// Ends the stream so that the client comes back and confirms what it read.
  void await_lifetime() {
    lifetime_.async_wait([weak = this->weak_from_this()](error_code ec) {
      auto self = weak.lock();
      if (!self || ec)
        return;
      self->is_over_ = true;
      self->end_session(close_code::going_away,
                        "this stream has reached its lifetime");
    });
  }

  /// Waits until `time` after the begin of the last write.
  void await_silence(clock::duration time) {
    silence_.expires_at(written_at_ + time);
    silence_.async_wait([weak = this->weak_from_this()](error_code ec) {
      if (auto self = weak.lock(); self && !ec)
        self->on_silence();
    });
  }

  /// Writes a comment at half of the idle timeout, and disconnects a client
  /// that has read nothing for all of it.
  void on_silence() {
    auto time = clock::now() - written_at_;
    if (is_writing_ && time >= idle_timeout_)
      return cut();
    if (!is_writing_ && !is_closing_ && time >= idle_timeout_ / 2) {
      put(event_comment);
      time = {};
    }
    await_silence(time < idle_timeout_ / 2 ? idle_timeout_ / 2 : idle_timeout_);
  }

  Stream stream_;
  const std::chrono::milliseconds idle_timeout_;
  const bool is_named_;

  /// The last entry that was written, or that the client came with.
  event_position position_;

  /// The event in flight, if any.
  std::optional<event_encoder> event_;

  /// Texts that wait for the end of a write.
  std::string texts_;

  /// The bytes that are being written.
  std::string output_;
  bool is_writing_ = false;

  /// The begin of the last write.
  clock::time_point written_at_ = clock::now();

  /// Set once the session has closed the stream.
  bool is_closing_ = false;

  /// Set once the end of the response was sent.
  bool has_ended_ = false;

  /// Set once the stream has reached its lifetime.
  bool is_over_ = false;

  timer_type silence_;
  timer_type lifetime_;

  /// Receives the end of the connection, or a byte that is one too many.
  std::array<char, 1> input_;
};

} // namespace waybill::net
