#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/beast/_experimental/test/stream.hpp>

#include "net/server/http_connection.hpp"
#include "test/fixture.hpp"

namespace waybill::test {

using stream = boost::beast::test::stream;

/// One connection to a single node, on an in-memory stream.
struct connection_fixture : fixture {
  connection_fixture() {
    auto bus = spawn<loopback>("node", 1000);
    auto registry = spawn<waybill::registry>(bus, same_id::all);
    entrance = spawn_gateway(bus, registry);
    settle();
    context = std::make_unique<net::server_context>(
      net::server_context{{deref<gateway>(entrance), "node"}, {}});
  }

  ~connection_fixture() override {
    client.reset();
    turn();
  }

  /// Connects a client.
  /// @param fails makes one operation of the connection fail.
  /// @param from the origin of the connection.
  void connect(boost::beast::test::fail_count* fails = nullptr,
               const net::connection_info& from = {}) {
    auto server = fails ? stream{io, *fails} : stream{io};
    client.emplace(io);
    client->connect(server);
    if (piece > 0)
      server.write_size(piece);
    std::make_shared<net::http_connection<stream>>(std::move(server), *context,
                                                   from)
      ->start();
    turn();
  }

  /// Runs sockets and actors until both are idle.
  void turn() {
    do {
      io.restart();
      settle();
    } while (io.poll() > 0);
  }

  void send(std::string_view bytes) {
    boost::system::error_code ignored;
    client->write_some(boost::asio::buffer(bytes.data(), bytes.size()),
                       ignored);
  }

  /// Sends bytes and returns the response.
  std::string ask(std::string_view bytes) {
    send(bytes);
    turn();
    std::string result{client->str()};
    client->clear();
    return result;
  }

  /// Tells whether the connection has been closed. Starts a read otherwise, so
  /// this must be the last call.
  bool is_closed() {
    auto byte = std::make_shared<char>();
    auto result = std::make_shared<boost::system::error_code>();
    client->async_read_some(
      boost::asio::buffer(byte.get(), 1),
      [byte, result](boost::system::error_code ec, size_t) { *result = ec; });
    turn();
    return *result == boost::asio::error::eof;
  }

  /// The maximum number of bytes that one write of the node takes; 0 for any.
  size_t piece = 0;

  gateway_actor entrance;
  boost::asio::io_context io;
  std::unique_ptr<net::server_context> context;
  std::optional<stream> client;
};

/// Requests a WebSocket.
inline const std::string upgrade
  = "GET /websocket/456 HTTP/1.1\r\nHost: h\r\n"
    "Connection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "\r\n";

} // namespace waybill::test
