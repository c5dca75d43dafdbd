#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "net/api/api.hpp"
#include "net/events/events_transport.hpp"
#include "net/http/forwarded.hpp"
#include "net/lazy_timer.hpp"
#include "net/server/connection.hpp"
#include "net/stream.hpp"
#include "net/websocket/websocket_transport.hpp"

namespace waybill::net {

/// A connection on a stream of type `Stream`: answers requests in sequence,
/// until one becomes a session. The pending operation keeps it alive; an
/// exception in a handler ends this connection only.
template <class Stream>
class http_connection
    : public exchange::connection,
      public std::enable_shared_from_this<http_connection<Stream>> {
public:
  http_connection(Stream stream, server_context& context,
                  const connection_info& from = {})
      : stream_(std::move(stream)), timer_(make_timer(stream_.get_executor())),
        context_(context), from_(from) {
    // nop
  }

  /// Starts reading the first request.
  void start() {
    slot_ = add_connection(context_, from_, [this] { close(); });
    await_request();
  }

private:
  using error_code = boost::system::error_code;
  using parser = http::request_parser<http::string_body>;

  /// Size of a read of a head, at most.
  static constexpr size_t read_size = 4096;

  // -- reading a request, from the first byte to the last ---------------------

  void await_request() {
    parser_.reset();
    response_ = {};
    call_ = {};
    // An idle connection holds a buffer for one read.
    if (buffer_.size() == 0 && buffer_.capacity() > read_size)
      buffer_.shrink_to_fit();
    deadline(context_.config.idle_timeout, &http_connection::close);
    in_flight_.reset();
    slot_.be_silent();
    on_head_bytes();
  }

  void read_head() {
    auto space = std::min(context_.config.max_head - buffer_.size(), read_size);
    stream_.async_read_some(
      buffer_.prepare(space),
      [self = this->shared_from_this()](error_code ec, size_t size) {
        if (ec)
          return self->on_broken();
        self->buffer_.commit(size);
        self->on_head_bytes();
      });
  }

  void on_head_bytes() {
    if (!in_flight_)
      buffer_.consume(count_blank(bytes()));
    if (buffer_.size() == 0 || bytes() == "\r")
      return read_head();
    if (!in_flight_) {
      in_flight_ = std::make_unique<request_guard>(context_);
      late_ = false;
      deadline(context_.config.head_timeout, &http_connection::on_late);
    }
    auto size = find_head_end(bytes());
    if (size > 0)
      return on_head(bytes().substr(0, static_cast<size_t>(size)));
    if (size < 0)
      return reject(error_response(http::status::bad_request, "bad_request",
                                   "end each line with CRLF"));
    if (buffer_.size() >= context_.config.max_head)
      return reject(error_response(
        http::status::request_header_fields_too_large, "head_too_large",
        "send at most " + std::to_string(context_.config.max_head)
          + " bytes of header fields"));
    if (late_)
      return on_broken();
    read_head();
  }

  void on_head(std::string_view head) {
    if (auto wrong = check_head(head, context_.config.max_fields))
      return reject(std::move(*wrong));
    parser_.emplace();
    parser_->header_limit(context_.config.max_head);
    parser_->body_limit(context_.config.max_body);
    parser_->on_chunk_header(check_chunk);
    error_code ec;
    buffer_.consume(parser_->put(buffer_.data(), ec));
    if (ec && ec != http::error::need_more)
      return on_bad_body(ec);
    auto& fields = parser_->get().base();
    join_lists(fields);
    if (auto wrong = check_fields(fields))
      return reject(std::move(*wrong), false);
    auto client
      = find_client(fields, from_.peer, context_.config.trusted_proxies);
    auto accepted = accept(context_.api, fields, client, from_.role);
    if (auto wrong = std::get_if<response>(&accepted))
      return reject(std::move(*wrong));
    call_ = std::get<api_call>(std::move(accepted));
    if (std::holds_alternative<websocket_request>(call_.request))
      return upgrade();
    if (std::holds_alternative<events_request>(call_.request))
      return open_events();
    if (parser_->content_length().value_or(0) > context_.config.max_body)
      return on_bad_body(http::error::body_limit);
    if (!in_flight_->hold(expected_size()))
      return on_busy();
    if (!parser_->is_done() && !fields[http::field::expect].empty())
      return send_continue();
    read_body();
  }

  void send_continue() {
    constexpr std::string_view line = "HTTP/1.1 100 Continue\r\n\r\n";
    boost::asio::async_write(
      stream_, boost::asio::buffer(line.data(), line.size()),
      [self = this->shared_from_this()](error_code ec, size_t) {
        if (ec)
          return self->on_broken();
        self->read_body();
      });
  }

  void read_body() {
    parser_->eager(true);
    error_code ec;
    if (!parser_->is_done() && buffer_.size() > 0)
      buffer_.consume(parser_->put(buffer_.data(), ec));
    if (ec && ec != http::error::need_more)
      return on_bad_body(ec);
    if (parser_->is_done())
      return on_request();
    http::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](error_code ec, size_t) {
                       if (ec)
                         return self->on_bad_body(ec);
                       self->on_request();
                     });
  }

  /// Returns the maximum size of the body.
  uint64_t expected_size() const {
    if (parser_->is_done())
      return 0;
    return parser_->content_length().value_or(context_.config.max_body);
  }

  void on_busy() {
    context_.api.actors.count(metric::over_max_request_memory);
    reject(
      error_response(http::status::service_unavailable, "busy",
                     "this node is processing too many requests; try again"));
  }

  void on_bad_body(error_code ec) {
    auto& config = context_.config;
    if (auto wrong = body_error(ec, config.max_body, config.max_head))
      reject(*std::move(wrong));
    else
      on_broken();
  }

  /// Handles a timeout. The response is sent when the pending read has ended,
  /// of which there is only one.
  void on_late() {
    late_ = true;
    cancel_stream(stream_);
  }

  void on_broken() {
    if (late_)
      reject(error_response(http::status::request_timeout, "request_timeout",
                            "send the request faster"));
    else
      close();
  }

  void on_request() {
    timer_.clear();
    slot_.be_busy();
    call_.body = std::move(parser_->get().body());
    auto pending = std::make_shared<exchange>(this->shared_from_this());
    exchange_ = pending;
    handle(context_.api, std::move(call_), pending);
  }

  void respond(const response& response) override {
    send(response, parser_->keep_alive());
  }

  void set_deadline(std::chrono::milliseconds time) override {
    deadline(time, &http_connection::on_deadline);
  }

  void on_deadline() {
    if (auto pending = exchange_.lock())
      pending->on_deadline();
  }

  // -- answering it -----------------------------------------------------------

  /// Answers with an error, and closes the connection unless the request was
  /// read completely: the rest is not worth reading.
  void reject(response response) {
    auto whole = parser_ && parser_->is_done();
    reject(std::move(response), whole && parser_->keep_alive());
  }

  /// Answers with an error.
  /// @param keep_alive false if the end of the request is in doubt.
  void reject(const response& response, bool keep_alive) {
    count_refusal(context_.api.actors, response);
    send(response, keep_alive);
  }

  void send(const response& response, bool keep_alive) {
    deadline(context_.config.head_timeout, &http_connection::on_unread);
    slot_.be_silent();
    auto head
      = parser_ && parser_->is_header_done() ? &parser_->get().base() : nullptr;
    if (response.status >= http::status::bad_request)
      log_refusal(context_, from_, head, response);
    response_mode mode;
    mode.keep_alive = keep_alive && !context_.api.actors.draining();
    if (head)
      mode.version = head->version();
    mode.is_head = parser_ && parser_->get().method() == http::verb::head;
    response_ = serialize(response, call_, mode);
    boost::asio::async_write(
      stream_, boost::asio::buffer(response_),
      [self = this->shared_from_this(),
       keep_alive = mode.keep_alive](error_code ec, size_t) {
        if (ec)
          self->close();
        else if (keep_alive)
          self->await_request();
        else
          self->linger();
      });
  }

  /// Handles a client that does not read its response.
  void on_unread() {
    context_.api.actors.count(metric::unread_answers);
    close();
  }

  // -- ending the connection --------------------------------------------------

  /// Discards further input before closing: closing with unread input would
  /// reset the connection, and could lose the response.
  void linger() {
    in_flight_.reset();
    deadline(std::chrono::seconds{2}, &http_connection::close);
    end_stream(stream_, [self = this->shared_from_this()] {
      drain_stream(self->stream_, [self] { self->close(); });
    });
  }

  void close() {
    timer_.clear();
    slot_.leave();
    in_flight_.reset();
    close_stream(stream_);
    // The handler of a pending exchange keeps this connection alive.
    if (auto pending = exchange_.lock())
      pending->abandon();
  }

  // -- becoming a session -----------------------------------------------------

  /// Tells whether nothing follows the head.
  bool is_alone() const { return parser_->is_done() && buffer_.size() == 0; }

  void upgrade() {
    // A proxy may treat the connection as a WebSocket now.
    if (auto wrong = check_handshake(parser_->get(), is_alone()))
      return reject(*wrong, false);
    open_session(&http_connection::become_websocket, false);
  }

  void open_events() {
    if (!is_alone())
      return reject(error_response(http::status::bad_request, "bad_request",
                                   "send nothing after the head"),
                    false);
    open_session(&http_connection::become_events, parser_->keep_alive());
  }

  /// Reserves a slot for the session of the client, and calls `begin`.
  /// @param keep_alive applies to the response that refuses the session.
  void open_session(void (http_connection::*begin)(session_slot_ptr),
                    bool keep_alive) {
    timer_.clear();
    slot_.be_busy();
    admit(context_.api, call_,
          [self = this->shared_from_this(), begin,
           keep_alive](std::variant<session_slot_ptr, response> result) {
            if (auto wrong = std::get_if<response>(&result))
              self->reject(*wrong, keep_alive);
            else
              ((*self).*begin)(std::get<session_slot_ptr>(result));
          });
  }

  void become_websocket(session_slot_ptr slot) {
    auto socket = std::make_shared<websocket_transport<Stream>>(
      std::move(stream_), context_.config.websocket,
      client_info{call_.client, parser_->get()});
    socket->start(parser_->get(), context_.api.actors, std::move(slot),
                  std::get<websocket_request>(call_.request).topics,
                  call_.allowed);
    in_flight_.reset();
  }

  void become_events(session_slot_ptr slot) {
    auto& request = std::get<events_request>(call_.request);
    auto socket = std::make_shared<events_transport<Stream>>(
      std::move(stream_), context_.config,
      client_info{call_.client, parser_->get()}, std::move(request.position),
      request.is_named);
    socket->start(context_.api.actors, std::move(slot), request.topics,
                  call_.allowed);
    in_flight_.reset();
  }

  // -- small things -----------------------------------------------------------

  std::string_view bytes() const {
    return {static_cast<const char*>(buffer_.data().data()), buffer_.size()};
  }

  /// Calls `then` after `time`, unless another deadline is set.
  void deadline(std::chrono::milliseconds time,
                void (http_connection::*then)()) {
    timer_.set(*this, time, then);
  }

  Stream stream_;
  lazy_timer<http_connection> timer_;
  server_context& context_;
  const connection_info from_;
  open_connections::slot slot_;

  /// Also bounds trailers and chunk extensions, which Beast buffers whole.
  boost::beast::flat_buffer buffer_{context_.config.max_head};

  /// Set from a request's first byte until its response is written.
  std::unique_ptr<request_guard> in_flight_;

  /// Set when the request has timed out.
  bool late_ = false;
  std::optional<parser> parser_;
  api_call call_;

  /// The pending response, if any.
  std::weak_ptr<exchange> exchange_;

  /// The response that is being sent.
  std::string response_;
};

} // namespace waybill::net
