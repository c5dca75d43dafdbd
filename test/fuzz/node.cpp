// All targets that need a node share one instantiation of CAF's and Beast's
// templates.
#define CAF_TEST_NO_MAIN

#include "test/fuzz/node.hpp"

#include <algorithm>

#include <boost/beast/_experimental/test/stream.hpp>
#include <caf/test/unit_test_impl.hpp>

#include "net/server/http_connection.hpp"
#include "test/fixture.hpp"
#include "test/fuzz/require.hpp"

namespace waybill::fuzz {

struct node::inside : test::fixture {
  using stream = boost::beast::test::stream;

  explicit inside(bool compression) {
    auto bus = spawn<loopback>("node", 1000);
    auto registry = spawn<waybill::registry>(bus, same_id::all);
    auto entrance = spawn_gateway(bus, registry);
    settle();
    auto& actors = dynamic_cast<gateway&>(
      *caf::actor_cast<caf::abstract_actor*>(entrance));
    context.reset(new net::server_context{{actors, "node"}, {}});
    context->config.max_body = 1024;
    context->config.websocket.max_message = 1024;
    context->config.websocket.compression = compression;
    io.emplace();
  }

  ~inside() override {
    for (auto& stream : clients)
      stream.close();
    turn();
    for (auto& actor : spawned)
      self->send_exit(actor, caf::exit_reason::kill);
    turn();
    clients.clear();
    io.reset();
    require(context->requests == 0, "no request outlives its connection");
  }

  /// Runs sockets and actors until both are idle.
  void turn() {
    do {
      io->restart();
      settle();
    } while (io->poll() > 0);
  }

  std::unique_ptr<net::server_context> context;
  std::optional<boost::asio::io_context> io;
  std::vector<stream> clients;
};

node::node(bool compression) : inside_(std::make_unique<inside>(compression)) {
  // nop
}

node::~node() {
  // nop
}

void node::connect(size_t piece) {
  inside::stream server{*inside_->io};
  server.write_size(piece);
  inside_->clients.emplace_back(*inside_->io).connect(server);
  std::make_shared<net::http_connection<inside::stream>>(std::move(server),
                                                         *inside_->context)
    ->start();
  inside_->turn();
}

std::string node::send(size_t client, std::string_view bytes, size_t piece) {
  auto& stream = inside_->clients.at(client);
  while (!bytes.empty()) {
    boost::system::error_code ec;
    auto part = bytes.substr(0, piece);
    stream.write_some(boost::asio::buffer(part.data(), part.size()), ec);
    inside_->turn();
    bytes.remove_prefix(part.size());
  }
  inside_->turn();
  std::string result{stream.str()};
  stream.clear();
  return result;
}

void node::wait() {
  inside_->advance_time(std::chrono::seconds{10});
  inside_->turn();
}

std::string handshake(const std::string& id, const std::string& fields) {
  return "GET /websocket/" + id
         + " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n"
           "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
         + fields + "\r\n";
}

std::string print(const frame& x) {
  std::string result;
  result += static_cast<char>(0x80 | x.opcode);
  result += static_cast<char>(0x80 | x.body.size());
  result.append(4, '\0');
  return result + x.body;
}

std::vector<frame> parse_frames(std::string_view bytes, bool compression) {
  std::vector<frame> result;
  auto take = [&](size_t size) {
    require(bytes.size() >= size, "a frame is written whole");
    auto part = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return part;
  };
  auto take_number = [&](size_t size) {
    uint64_t number = 0;
    for (unsigned char c : take(size))
      number = number << 8 | c;
    return number;
  };
  while (!bytes.empty()) {
    auto first = take_number(1);
    auto size = take_number(1);
    require((first & 0x80) != 0, "no frame is fragmented");
    require((first & 0x30) == 0 && (compression || (first & 0x40) == 0),
            "reserved bits are 0");
    if (size >= 126)
      size = take_number(size == 126 ? 2 : 8);
    frame next{static_cast<uint8_t>(first & 0x0f), (first & 0x40) != 0,
               std::string{take(size)}};
    auto is_control = next.opcode >= frame::close;
    require(next.opcode == frame::text || next.opcode == frame::binary
              || (is_control && next.opcode <= frame::pong),
            "opcodes are those of RFC 6455");
    require(!is_control || (next.body.size() < 126 && !next.compressed),
            "control frames are short");
    require(next.opcode != frame::text || next.compressed || is_utf8(next.body),
            "a text is UTF-8");
    require(result.empty() || result.back().opcode != frame::close,
            "nothing follows a close frame");
    result.push_back(std::move(next));
  }
  return result;
}

} // namespace waybill::fuzz
