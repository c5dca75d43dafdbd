#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/async_base.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include "net/stream.hpp"
#include "net/websocket/frame_rate_limiter.hpp"
#include "net/websocket/frame_writer.hpp"

namespace waybill::net {

/// The stream below Beast's WebSocket: limits the rate of input, and writes all
/// output by one writer.
template <class Stream>
class rate_limited_stream {
public:
  using next_layer_type = Stream;
  using executor_type = typename Stream::executor_type;

  explicit rate_limited_stream(Stream next) : next_(std::move(next)) {
    // nop
  }

  executor_type get_executor() { return next_.get_executor(); }

  next_layer_type& next_layer() noexcept { return next_; }

  const next_layer_type& next_layer() const noexcept { return next_; }

  /// Calls `then` once, when the client exceeds `limits`.
  /// @param limits must outlive this.
  void limit(const client_rates& limits, std::function<void()> then) {
    limits_ = &limits;
    on_excess_ = std::move(then);
  }

  frame_rate_limiter& limiter() noexcept { return limiter_; }

  frame_writer<Stream>& output() noexcept { return output_; }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    reading<Buffers, std::decay_t<Handler>>{*this, buffers,
                                            std::forward<Handler>(handler)};
  }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    output_.async_write(buffers, std::forward<Handler>(handler));
  }

private:
  /// Counts the input before completing the read.
  template <class Buffers, class Handler>
  class reading : public boost::beast::async_base<Handler, executor_type> {
  public:
    using allocator_type = exact_allocator;

    reading(rate_limited_stream& self, const Buffers& buffers, Handler handler)
        : boost::beast::async_base<Handler, executor_type>(std::move(handler),
                                                           self.get_executor()),
          self_(self), buffers_(buffers) {
      self.next_.async_read_some(buffers, std::move(*this));
    }

    allocator_type get_allocator() const noexcept { return {}; }

    void operator()(boost::system::error_code ec, size_t size) {
      if (!ec)
        self_.measure(buffers_, size);
      this->complete_now(ec, size);
    }

  private:
    rate_limited_stream& self_;
    Buffers buffers_;
  };

  template <class Buffers>
  void measure(const Buffers& buffers, size_t size) {
    if (!on_excess_)
      return;
    auto now = std::chrono::steady_clock::now();
    for (auto i = boost::asio::buffer_sequence_begin(buffers);
         i != boost::asio::buffer_sequence_end(buffers) && size > 0; ++i) {
      boost::asio::const_buffer part = *i;
      auto count = std::min(part.size(), size);
      size -= count;
      if (!limiter_.take(*limits_,
                         {static_cast<const char*>(part.data()), count}, now))
        return std::exchange(on_excess_, nullptr)();
    }
  }

  Stream next_;
  frame_writer<Stream> output_{next_};
  frame_rate_limiter limiter_;
  const client_rates* limits_ = nullptr;
  std::function<void()> on_excess_;
};

/// Tears down the stream below; Beast's WebSocket requires this overload.
template <class Stream>
void teardown(boost::beast::role_type role, rate_limited_stream<Stream>& stream,
              boost::system::error_code& ec) {
  using boost::beast::websocket::teardown;
  teardown(role, stream.next_layer(), ec);
}

template <class Stream, class Handler>
void async_teardown(boost::beast::role_type,
                    rate_limited_stream<Stream>& stream, Handler&& handler) {
  // Beast's own teardown reads at most 2 KiB before it closes.
  auto kept
    = std::make_shared<std::decay_t<Handler>>(std::forward<Handler>(handler));
  end_stream(stream.next_layer(), [&stream, kept] {
    drain_stream(stream.next_layer(),
                 [kept] { std::move (*kept)(boost::system::error_code{}); });
  });
}

} // namespace waybill::net
