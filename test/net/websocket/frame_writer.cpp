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

  /// Writes a message, and records its end.
  bool write(const std::string& text, const ping_frame& ping = {}) {
    auto message = make_text(text);
    return aut.write(head_of(message), message, ping, [this](error_code ec) {
      ends.push_back({"message", ec});
    });
  }

  Stream stream;
  frame_writer<Stream> aut;

  /// The writes that have ended, and their results.
  std::vector<std::pair<std::string, error_code>> ends;
};

/// Makes the bytes of a frame.
std::string frame_of(const std::string& text) {
  return std::string{head_of(make_text(text)).bytes()} + text;
}

const std::string pong = "\x8a\x04pong";
const std::string closing = "\x88\x02\x03\xea";
const std::string long_text(300, 'x');

struct writer_fixture {
  template <class Stream = fake_stream>
  auto connect(size_t piece = 1000) {
    auto result = std::make_shared<connection<Stream>>(io);
    result->aut.start(result, [self = result.get()](error_code ec) {
      self->ends.push_back({"controls", ec});
    });
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

const std::pair<std::string, error_code> message_end{"message", {}};
const std::pair<std::string, error_code> controls_end{"controls", {}};

} // namespace

CAF_TEST_FIXTURE_SCOPE(frame_writer_tests, writer_fixture)

CAF_TEST(writes at once if the stream takes all) {
  auto socket = connect();
  CAF_CHECK(socket->write("a"));
  CAF_CHECK(socket->write(""));
  CAF_CHECK(socket->aut.write(pong));
  CAF_CHECK(socket->write(long_text));
  CAF_CHECK_EQUAL(socket->stream.written,
                  frame_of("a") + frame_of("") + pong + frame_of(long_text));
  CAF_CHECK(!socket->aut.has_controls());
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
    CAF_CHECK(socket->ends == (is_whole ? ends{} : ends{message_end}));
  }
  for (size_t piece = 1; piece <= pong.size(); ++piece) {
    auto socket = connect(piece);
    auto is_whole = piece == pong.size();
    CAF_CHECK_EQUAL(socket->aut.write(pong), is_whole);
    CAF_CHECK_EQUAL(socket->aut.has_controls(), !is_whole);
    run();
    CAF_CHECK(!socket->aut.has_controls());
    CAF_CHECK_EQUAL(socket->stream.written, pong);
    CAF_CHECK(socket->ends == (is_whole ? ends{} : ends{controls_end}));
  }
}

CAF_TEST(writes a ping behind its message) {
  const auto all = frame_of("abc") + std::string{ping_frame{17}.bytes()};
  for (size_t piece = 1; piece <= all.size(); ++piece) {
    auto socket = connect(piece);
    auto is_whole = piece == all.size();
    CAF_CHECK_EQUAL(socket->write("abc", ping_frame{17}), is_whole);
    socket->aut.write(pong);
    run();
    CAF_CHECK_EQUAL(socket->stream.written, all + pong);
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
  CAF_CHECK(socket->ends == ends{message_end});
}

CAF_TEST(writes only asynchronously to a stream on another) {
  auto socket = connect<layered_stream>();
  CAF_CHECK(!socket->aut.write(pong));
  CAF_CHECK(!socket->write("a"));
  CAF_CHECK_EQUAL(socket->stream.written, "");
  run();
  CAF_CHECK_EQUAL(socket->stream.written, pong + frame_of("a"));
  CAF_CHECK(socket->ends == (ends{controls_end, message_end}));
}

CAF_TEST(writes frames one after the other) {
  for (size_t piece = 1; piece <= long_text.size(); ++piece) {
    auto socket = connect(piece);
    socket->write(long_text);
    socket->aut.write(pong);
    socket->aut.write(closing);
    CAF_CHECK(socket->aut.has_controls());
    run();
    CAF_CHECK_EQUAL(socket->stream.written,
                    frame_of(long_text) + pong + closing);
    CAF_CHECK(socket->ends == (ends{message_end, controls_end}));
  }
  for (size_t piece = 1; piece < pong.size(); ++piece) {
    auto socket = connect(piece);
    socket->aut.write(pong);
    CAF_CHECK(!socket->write("a"));
    CAF_MESSAGE("a close frame stays the last one");
    socket->aut.write(closing);
    run();
    CAF_CHECK_EQUAL(socket->stream.written, pong + frame_of("a") + closing);
    CAF_CHECK(socket->ends == (ends{controls_end, message_end, controls_end}));
  }
}

CAF_TEST(writes the next in turn before a handler that writes more) {
  auto socket = connect(1);
  auto message = make_text("a");
  socket->aut.write(head_of(message), message, {},
                    [&](error_code) { socket->write("b"); });
  socket->aut.write(pong);
  run();
  CAF_CHECK_EQUAL(socket->stream.written, frame_of("a") + pong + frame_of("b"));
}

CAF_TEST(ends all writes when the stream fails) {
  const auto frame = frame_of(long_text);
  const auto writes_of_frame = (frame.size() + 9) / 10;
  // In each round, one more write succeeds.
  for (size_t lifetime = 0; lifetime <= writes_of_frame + 1; ++lifetime) {
    auto socket = connect(10);
    socket->stream.lifetime = lifetime;
    socket->write(long_text);
    socket->aut.write(pong);
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
  socket->aut.write(pong);
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
  socket->aut.write(pong);
  socket.reset();
  CAF_REQUIRE(!weak.expired());
  run();
  CAF_CHECK(weak.expired());
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace frame_writer_suite
