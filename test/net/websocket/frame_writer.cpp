#define CAF_SUITE frame_writer

#include "net/websocket/frame_writer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "test/fixture.hpp"

namespace frame_writer_suite {

using namespace waybill;
using namespace waybill::net;
using boost::system::error_code;

namespace {

namespace asio = boost::asio;

/// A stream that takes a number of bytes with each write.
class fake_stream {
public:
  using executor_type = asio::io_context::executor_type;

  explicit fake_stream(asio::io_context& io) : io_(io) {
    // nop
  }

  executor_type get_executor() { return io_.get_executor(); }

  template <class Buffers>
  size_t write_some(const Buffers& buffers, error_code& ec) {
    if (is_full && !is_closed)
      ec = asio::error::would_block;
    return ec ? 0 : take(buffers, ec);
  }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    ++asynchronous;
    // Bytes are taken when the operation completes, as late as possible.
    asio::post(
      io_, [this, buffers, handler = std::forward<Handler>(handler)]() mutable {
        error_code ec;
        auto size = take(buffers, ec);
        handler(ec, size);
      });
  }

  void close() { is_closed = true; }

  /// The maximum number of bytes that a write takes.
  size_t piece = 1000;

  /// The number of writes until one fails.
  size_t lifetime = 1000;

  /// Makes synchronous writes take nothing.
  bool is_full = false;

  bool is_closed = false;
  std::string written;

  /// The number of asynchronous writes.
  size_t asynchronous = 0;

private:
  template <class Buffers>
  size_t take(const Buffers& buffers, error_code& ec) {
    if (is_closed)
      ec = asio::error::bad_descriptor;
    else if (lifetime == 0)
      ec = asio::error::broken_pipe;
    if (ec)
      return 0;
    --lifetime;
    std::string all(asio::buffer_size(buffers), '\0');
    asio::buffer_copy(asio::buffer(all), buffers);
    written += all.substr(0, piece);
    return std::min(all.size(), piece);
  }

  asio::io_context& io_;
};

/// A stream on another, as TLS is.
struct layered_stream : fake_stream {
  using fake_stream::fake_stream;

  fake_stream& next_layer() { return *this; }

  const fake_stream& next_layer() const { return *this; }
};

template <class Stream>
struct connection {
  explicit connection(asio::io_context& io) : stream(io), aut(stream) {
    // nop
  }

  /// Writes a frame, and records its end.
  bool write(const std::string& text, const ping_frame& ping = {}) {
    return aut.write(make_text(text), ping, [this](error_code ec) {
      ends.push_back({"frame", ec});
    });
  }

  /// Writes as Beast does: `buffers` are composed of a head and a body.
  void write_control(std::string_view text) {
    std::array buffers{asio::buffer(text.data(), 1),
                       asio::buffer(text.data() + 1, text.size() - 1)};
    asio::async_write(
      *this, buffers,
      [this, size = text.size()](error_code ec, size_t written) {
        CAF_CHECK(ec || written == size);
        ends.push_back({"control", ec});
      });
  }

  // -- the members that Beast needs -----------------------------------------

  using executor_type = fake_stream::executor_type;

  executor_type get_executor() { return stream.get_executor(); }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    aut.async_write(buffers, std::forward<Handler>(handler));
  }

  Stream stream;
  frame_writer<Stream> aut;

  /// The writes that have ended, and their results.
  std::vector<std::pair<std::string, error_code>> ends;
};

/// Makes the bytes of a frame.
std::string frame_of(const std::string& text) {
  return std::string{frame_head{payload::format::text, text.size()}.bytes()}
         + text;
}

const std::string pong = "\x8a\x04pong";
const std::string closing = "\x88\x02\x03\xea";
const std::string long_text(300, 'x');

struct writer_fixture {
  template <class Stream = fake_stream>
  auto connect(size_t piece = 1000) {
    auto result = std::make_shared<connection<Stream>>(io);
    result->aut.keep_alive(result);
    result->stream.piece = piece;
    return result;
  }

  void run() {
    io.restart();
    io.run();
  }

  asio::io_context io;
};

using ends = std::vector<std::pair<std::string, error_code>>;

const std::pair<std::string, error_code> frame_end{"frame", {}};
const std::pair<std::string, error_code> control_end{"control", {}};

} // namespace

CAF_TEST_FIXTURE_SCOPE(frame_writer_tests, writer_fixture)

CAF_TEST(writes a frame at once if the stream takes it) {
  auto socket = connect();
  CAF_CHECK(socket->write("a"));
  CAF_CHECK(socket->write(""));
  CAF_CHECK(socket->write(long_text));
  CAF_CHECK_EQUAL(socket->stream.written,
                  frame_of("a") + frame_of("") + frame_of(long_text));
  run();
  CAF_CHECK(socket->ends.empty());
  CAF_CHECK_EQUAL(socket->stream.asynchronous, 0u);
}

CAF_TEST(writes asynchronously what the stream did not take) {
  for (size_t piece = 1; piece <= frame_of(long_text).size(); ++piece) {
    auto socket = connect(piece);
    auto is_whole = piece == frame_of(long_text).size();
    CAF_CHECK_EQUAL(socket->write(long_text), is_whole);
    run();
    CAF_CHECK_EQUAL(socket->stream.written, frame_of(long_text));
    CAF_CHECK(socket->ends == (is_whole ? ends{} : ends{frame_end}));
  }
}

CAF_TEST(writes a ping behind its frame) {
  const auto all = frame_of("abc") + std::string{ping_frame{17}.bytes()};
  for (size_t piece = 1; piece <= all.size(); ++piece) {
    auto socket = connect(piece);
    auto is_whole = piece == all.size();
    CAF_CHECK_EQUAL(socket->write("abc", ping_frame{17}), is_whole);
    socket->write_control(pong);
    run();
    CAF_CHECK_EQUAL(socket->stream.written, all + pong);
    CAF_CHECK(socket->ends
              == (is_whole ? ends{control_end} : ends{frame_end, control_end}));
  }
  CAF_MESSAGE("the ping is not repeated");
  auto socket = connect();
  socket->write("a", ping_frame{1});
  socket->write("b");
  CAF_CHECK_EQUAL(socket->stream.written, frame_of("a")
                                            + std::string{ping_frame{1}.bytes()}
                                            + frame_of("b"));
}

CAF_TEST(writes asynchronously if the stream is full) {
  auto socket = connect();
  socket->stream.is_full = true;
  CAF_CHECK(!socket->write("a"));
  CAF_CHECK_EQUAL(socket->stream.written, "");
  run();
  CAF_CHECK_EQUAL(socket->stream.written, frame_of("a"));
  CAF_CHECK(socket->ends == ends{frame_end});
}

CAF_TEST(writes only asynchronously to a stream on another) {
  auto socket = connect<layered_stream>();
  CAF_CHECK(!socket->write("a"));
  CAF_CHECK_EQUAL(socket->stream.written, "");
  run();
  CAF_CHECK_EQUAL(socket->stream.written, frame_of("a"));
  CAF_CHECK(socket->ends == ends{frame_end});
}

CAF_TEST(writes a frame of Beast and one of the session in turn) {
  for (size_t piece = 1; piece <= long_text.size(); ++piece) {
    auto socket = connect(piece);
    socket->write(long_text);
    socket->write_control(pong);
    run();
    CAF_CHECK_EQUAL(socket->stream.written, frame_of(long_text) + pong);
    CAF_CHECK(socket->ends == (ends{frame_end, control_end}));
  }
  for (size_t piece = 1; piece <= pong.size(); ++piece) {
    auto socket = connect(piece);
    socket->write_control(pong);
    CAF_CHECK(!socket->write("a"));
    run();
    CAF_CHECK_EQUAL(socket->stream.written, pong + frame_of("a"));
    CAF_CHECK(socket->ends == (ends{control_end, frame_end}));
  }
}

CAF_TEST(writes the next in turn before a handler that writes more) {
  auto socket = connect(1);
  socket->aut.write(make_text("a"), {},
                    [&](error_code) { socket->write("b"); });
  socket->write_control(pong);
  run();
  CAF_CHECK_EQUAL(socket->stream.written, frame_of("a") + pong + frame_of("b"));
}

CAF_TEST(holds a write while frames pass) {
  auto socket = connect(1);
  socket->aut.hold_if([](std::string_view first) { return first == "\x88"; });
  socket->write_control(pong);
  run();
  socket->write("a");
  socket->write_control(closing);
  run();
  CAF_CHECK(socket->ends == (ends{control_end, frame_end}));
  socket->write("b");
  CAF_MESSAGE("released behind a frame in flight");
  socket->aut.release();
  run();
  CAF_CHECK_EQUAL(socket->stream.written,
                  pong + frame_of("a") + frame_of("b") + closing);
  CAF_CHECK(socket->ends
            == (ends{control_end, frame_end, frame_end, control_end}));
}

CAF_TEST(releases a write to an idle stream) {
  auto socket = connect();
  socket->aut.hold_if([](std::string_view) { return true; });
  socket->write_control(closing);
  run();
  CAF_CHECK_EQUAL(socket->stream.written, "");
  socket->aut.release();
  run();
  CAF_CHECK_EQUAL(socket->stream.written, closing);
}

CAF_TEST(ends all writes when the stream fails) {
  const auto frame = frame_of(long_text);
  const auto writes_of_frame = (frame.size() + 9) / 10;
  // In each round, one more write succeeds.
  for (size_t lifetime = 0; lifetime <= writes_of_frame + 1; ++lifetime) {
    auto socket = connect(10);
    socket->stream.lifetime = lifetime;
    socket->write(long_text);
    socket->write_control(pong);
    run();
    auto has_frame = lifetime >= writes_of_frame;
    auto has_pong = lifetime > writes_of_frame;
    auto written = frame.substr(0, 10 * lifetime);
    CAF_CHECK_EQUAL(socket->stream.written, has_pong ? frame + pong : written);
    CAF_REQUIRE_EQUAL(socket->ends.size(), 2u);
    CAF_CHECK_EQUAL(!socket->ends[0].second, has_frame);
    CAF_CHECK_EQUAL(!socket->ends[1].second, has_pong);
    CAF_CHECK_EQUAL(socket->stream.is_closed, !has_pong);
    CAF_CHECK_EQUAL(socket.use_count(), 1);
  }
}

CAF_TEST(writes nothing after a part of a frame) {
  auto socket = connect(1);
  socket->write(long_text);
  socket->write_control(pong);
  socket->stream.lifetime = 2;
  io.restart();
  while (!socket->stream.is_closed)
    io.run_one();
  socket->stream.lifetime = 1000;
  run();
  CAF_CHECK_EQUAL(socket->stream.written, frame_of(long_text).substr(0, 3));
}

CAF_TEST(keeps its owner alive during asynchronous writes) {
  auto socket = connect(1);
  std::weak_ptr<connection<fake_stream>> weak = socket;
  socket->write_control(pong);
  socket.reset();
  CAF_REQUIRE(!weak.expired());
  run();
  CAF_CHECK(weak.expired());
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace frame_writer_suite
