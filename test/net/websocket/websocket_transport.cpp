#define CAF_SUITE websocket_transport

#include "net/websocket/websocket_transport.hpp"

#include "test/net/connection_fixture.hpp"

namespace websocket_transport_suite {

using namespace waybill;
using namespace std::string_literals;

namespace {

/// Sizes of the pieces that a socket takes; 0 for any.
constexpr size_t pieces[] = {0, 1, 2, 3, 7, 100};

/// Builds a frame as a client sends it, with a mask of zeros.
/// @pre `body.size() < 126`
std::string client_frame(uint8_t first, const std::string& body) {
  return static_cast<char>(first)
         + std::string{static_cast<char>(0x80 | body.size())}
         + std::string(4, '\0') + body;
}

/// Builds a short frame as a node sends it.
std::string node_frame(uint8_t first, const std::string& body) {
  return std::string{static_cast<char>(first), static_cast<char>(body.size())}
         + body;
}

constexpr uint8_t text = 0x81;
constexpr uint8_t ping = 0x89;
constexpr uint8_t pong = 0x8a;
constexpr uint8_t closing = 0x88;
constexpr uint8_t reserved = 0x83;

const auto goodbye = client_frame(closing, "\x03\xe8");
const auto greeting = node_frame(text, "连接成功!");
const auto broke_protocol = node_frame(closing, "\x03\xea"
                                                "you broke the protocol");
const auto deflate = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

struct transport_fixture : test::connection_fixture {
  /// Opens a session.
  /// @param fields more fields of the handshake.
  /// @returns the frames that follow the handshake.
  std::string open(const std::string& fields = "") {
    connect();
    auto request = test::upgrade;
    request.insert(request.size() - 2, fields);
    auto response = ask(request);
    CAF_REQUIRE(response.starts_with("HTTP/1.1 101"));
    return response.substr(response.find("\r\n\r\n") + 4);
  }

  /// Runs until the client has received `byte`; actors only while sockets are
  /// idle.
  void run_until(uint8_t byte) {
    while (client->str().find(static_cast<char>(byte)) == std::string::npos) {
      io.restart();
      if (io.poll_one() == 0)
        settle();
    }
  }

  /// Tells whether there is a session.
  bool is_online() {
    uint64_t nodes = 0;
    context->api.actors.presence(
      push_address::id("456"),
      [&](const caf::expected<uint64_t>& result) { nodes = *result; });
    settle();
    return nodes > 0;
  }

  void push(const payload& message,
            receipt_level want = receipt_level::routed) {
    waybill::push push{"p", message};
    push.want = want;
    context->api.actors.publish(push_address::id("456"), std::move(push),
                                [](const caf::expected<outcome>&) {});
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(websocket_transport_tests, transport_fixture)

CAF_TEST(writes frames and pongs whole) {
  for (auto size : pieces) {
    piece = size;
    CAF_CHECK_EQUAL(open(), greeting);
    for (auto body : {"a", "b", "c"})
      push(make_text(body));
    auto answer = ask(client_frame(ping, "1") + client_frame(ping, "2"));
    for (auto frame :
         {node_frame(text, "a") + node_frame(text, "b") + node_frame(text, "c"),
          node_frame(pong, "1") + node_frame(pong, "2")})
      while (!frame.empty()) {
        auto at = answer.find(frame.substr(0, 3));
        CAF_REQUIRE(at != answer.npos);
        answer.erase(at, 3);
        frame.erase(0, 3);
      }
    CAF_CHECK_EQUAL(answer, "");
  }
}

CAF_TEST(writes the ping of a frame behind it) {
  for (auto size : pieces) {
    piece = size;
    open();
    push(make_text("a"), receipt_level::received);
    push(make_text("b"));
    CAF_CHECK_EQUAL(ask(client_frame(pong, "1") + client_frame(text, "c")),
                    node_frame(text, "a") + node_frame(ping, "2")
                      + node_frame(text, "b") + node_frame(text, "c"));
    CAF_MESSAGE("the next confirmed frame has a ping once there is a pong");
    push(make_text("d"), receipt_level::received);
    CAF_CHECK_EQUAL(ask(client_frame(pong, "2")),
                    node_frame(text, "d") + node_frame(ping, "5"));
  }
}

CAF_TEST(writes the ping of a compressed frame behind it) {
  context->config.websocket.compression = true;
  for (auto size : pieces) {
    piece = size;
    open(deflate);
    push(make_text("aaaa"), receipt_level::received);
    auto answer = ask("");
    CAF_CHECK(answer.starts_with("\xc1"));
    CAF_CHECK(answer.ends_with(node_frame(ping, "2")));
  }
}

CAF_TEST(writes the queue before the close frame of a violation) {
  std::string input;
  std::string output;
  for (char c = 'a'; c <= 'z'; ++c) {
    input += client_frame(text, {c});
    output += node_frame(text, {c});
  }
  for (auto size : pieces) {
    piece = size;
    open();
    CAF_CHECK_EQUAL(ask(input + client_frame(reserved, "")),
                    output + broke_protocol);
    client->close_remote();
    turn();
    open();
    auto answer = ask(input + client_frame(text, "\xff"));
    CAF_CHECK(answer.starts_with(output + "\x88"));
    CAF_CHECK(answer.find("\x03\xef") != answer.npos);
  }
}

CAF_TEST(writes the frame in flight before the close frame of a violation) {
  for (auto size : {1, 7, 100}) {
    piece = size;
    open();
    const std::string large(1000, 'x');
    push(make_text(large));
    push(make_text("y"));
    auto answer = ask(client_frame(reserved, ""));
    CAF_CHECK_EQUAL(answer, "\x81\x7e\x03\xe8" + large + node_frame(text, "y")
                              + broke_protocol);
  }
}

CAF_TEST(writes nothing after the answer to a close frame) {
  piece = 1;
  open();
  send(client_frame(text, "a") + goodbye);
  run_until(closing);
  CAF_MESSAGE("the session echoes while the answer is written");
  settle();
  CAF_CHECK_EQUAL(ask(""), node_frame(closing, "\x03\xe8"));
  push(make_text("b"));
  CAF_CHECK_EQUAL(ask(""), "");
}

CAF_TEST(encloses pushes and nothing else if the client offers it) {
  const auto name = R"({"push":"p","data":"a"})"s;
  for (auto size : {0, 7}) {
    piece = size;
    CAF_CHECK_EQUAL(open("Sec-WebSocket-Protocol: chat, waybill.v1\r\n"),
                    greeting);
    push(make_text("a"));
    push({payload::format::binary, "\xff"});
    CAF_CHECK_EQUAL(ask(""),
                    node_frame(text, name)
                      + node_frame(text, R"({"push":"p","base64":"/w=="})"));
    CAF_CHECK_EQUAL(ask(client_frame(text, "echo")), node_frame(text, "echo"));
    client->close();
    turn();
  }
}

CAF_TEST(compresses frames if the client offers it) {
  context->config.websocket.compression = true;
  for (auto size : pieces) {
    piece = size;
    CAF_CHECK(open(deflate).starts_with("\xc1"));
    CAF_CHECK(ask(client_frame(text, "aaaa")).starts_with("\xc1"));
    CAF_CHECK_EQUAL(open(), greeting);
  }
}

CAF_TEST(
  writes the queue before the close frame of a violation if it compresses) {
  context->config.websocket.compression = true;
  for (auto size : pieces) {
    piece = size;
    open(deflate);
    auto answer = ask(client_frame(text, "a") + client_frame(ping, "1")
                      + client_frame(text, "b") + client_frame(reserved, ""));
    CAF_CHECK(answer.ends_with(broke_protocol));
    auto answers = answer.substr(0, answer.size() - broke_protocol.size());
    CAF_CHECK(answers.find(node_frame(pong, "1")) != answer.npos);
    size_t frames = 0;
    for (size_t at = 0; at < answers.size();
         at += 2 + static_cast<uint8_t>(answers[at + 1]))
      ++frames;
    CAF_CHECK_EQUAL(frames, 3u);
  }
}

CAF_TEST(writes the frame that waits before the close frame of a violation) {
  piece = 1;
  open();
  push(make_text("a"), receipt_level::received);
  run_until(ping);
  CAF_MESSAGE("while the ping is written, a frame and a violation come");
  push(make_text("b"));
  settle();
  auto answer = ask(client_frame(reserved, ""));
  CAF_CHECK(answer.ends_with(node_frame(ping, "2") + node_frame(text, "b")));
  CAF_MESSAGE("no pong is read any more");
  advance_time(std::chrono::seconds{1});
  CAF_CHECK_EQUAL(ask(""), broke_protocol);
}

CAF_TEST(compresses a message to one frame) {
  context->config.websocket.compression = true;
  for (auto size : {0, 1, 100}) {
    piece = size;
    open(deflate);
    push(make_text(std::string(500'000, 'x')));
    auto answer = ask(client_frame(reserved, ""));
    CAF_CHECK(answer.starts_with("\xc1\x7e"));
    CAF_CHECK(answer.ends_with(broke_protocol));
    auto length
      = static_cast<uint8_t>(answer[2]) << 8 | static_cast<uint8_t>(answer[3]);
    CAF_CHECK_EQUAL(answer.size(), 4u + length + broke_protocol.size());
  }
}

CAF_TEST(reads no more from a client that reads no pongs) {
  piece = 1;
  open();
  send(client_frame(ping, std::string(100, 'x')));
  run_until('x');
  CAF_MESSAGE("its close frame is read once the pong is written");
  send(goodbye);
  for (int i = 0; i < 20; ++i) {
    io.restart();
    io.poll_one();
    settle();
  }
  CAF_CHECK(is_online());
  turn();
  CAF_CHECK(!is_online());
}

CAF_TEST(ends the connection once both sides have closed) {
  for (auto size : pieces) {
    piece = size;
    CAF_MESSAGE("the client first");
    open();
    CAF_CHECK_EQUAL(ask(client_frame(closing, "\x11\x94 bye")),
                    node_frame(closing, "\x11\x94"));
    CAF_CHECK(is_closed());
    CAF_MESSAGE("the node first");
    open();
    context->api.actors.kick(
      push_address::id("456"), [](const caf::expected<uint64_t>&) {}, "bye");
    CAF_CHECK_EQUAL(ask(""), node_frame(closing, "\x11\x94"
                                                 "bye"));
    CAF_CHECK_EQUAL(
      ask(client_frame(text, "a") + client_frame(ping, "") + goodbye), "");
    CAF_CHECK(is_closed());
  }
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace websocket_transport_suite
