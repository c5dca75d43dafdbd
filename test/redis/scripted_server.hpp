#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <caf/test/dsl.hpp>

#include "redis/resp.hpp"
#include "redis/url.hpp"

namespace waybill::test {

/// Takes the place of a Redis or a Sentinel on loopback, on the event loop of
/// the test: keeps what it is sent, and answers as the test says.
class scripted_server {
public:
  using tcp = boost::asio::ip::tcp;

  /// The server's end of one connection.
  class peer : public std::enable_shared_from_this<peer> {
  public:
    peer(tcp::socket socket, const scripted_server& server)
        : socket_(std::move(socket)), server_(server) {
      // nop
    }

    void read() {
      socket_.async_read_some(
        boost::asio::buffer(in_),
        [self = shared_from_this()](boost::system::error_code ec, size_t size) {
          self->closed = bool{ec};
          self->error = ec;
          if (ec)
            return;
          try {
            self->take({self->in_.data(), size});
            if (self->reads)
              self->read();
          } catch (const std::runtime_error&) {
            self->write("-ERR Protocol error\r\n");
          }
        });
    }

    void write(std::string bytes) {
      auto kept = std::make_shared<std::string>(std::move(bytes));
      boost::asio::async_write(socket_, boost::asio::buffer(*kept),
                               [self = shared_from_this(),
                                kept](boost::system::error_code, size_t) {});
    }

    void close() {
      boost::system::error_code ignored;
      socket_.close(ignored);
    }

    /// Commands of the client after its login.
    std::vector<redis::command> received;

    /// Commands of its login.
    std::vector<redis::command> login;

    /// Number of bytes from the client.
    size_t bytes = 0;

    /// Set once the connection has ended, with its error.
    bool closed = false;
    boost::system::error_code error;

    /// If false, it stops after the next bytes until the test calls `read`.
    bool reads = true;

  private:
    void take(std::string_view bytes) {
      this->bytes += bytes.size();
      reader_.feed(bytes);
      while (auto x = reader_.next()) {
        redis::command command;
        for (auto& word : x->items)
          command.push_back(word.text);
        auto& name = command.at(0);
        auto logs_in = name == "AUTH" || name == "SELECT" || name == "ROLE"
                       || name == "CLIENT";
        if (auto answer = server_.answer(command); !answer.empty())
          write(std::move(answer));
        (logs_in ? login : received).push_back(std::move(command));
      }
    }

    tcp::socket socket_;
    const scripted_server& server_;
    redis::reply_reader reader_;
    std::array<char, 4096> in_;
  };

  explicit scripted_server(boost::asio::io_context& context)
      : acceptor_(context, {boost::asio::ip::address_v4::loopback(), 0}),
        port_(std::to_string(acceptor_.local_endpoint().port())) {
    accept();
  }

  redis::server_url url() const {
    redis::server_url result;
    result.host = "127.0.0.1";
    result.port = port_;
    return result;
  }

  /// Refuses connections from now on.
  void stop_listening() { acceptor_.close(); }

  /// Answers a client that logs in to a master, and nothing else.
  static std::string log_in(const redis::command& command) {
    if (command[0] == "ROLE")
      return "*1\r\n$6\r\nmaster\r\n";
    if (command[0] == "CLIENT")
      return ":7\r\n";
    return command[0] == "AUTH" || command[0] == "SELECT" ? "+OK\r\n" : "";
  }

  /// Returns what is written for a command; empty for nothing.
  std::function<std::string(const redis::command&)> answer = &log_in;

  /// In the order in which they were taken.
  std::vector<std::shared_ptr<peer>> peers;

private:
  void accept() {
    acceptor_.async_accept(
      [this](boost::system::error_code ec, tcp::socket socket) {
        if (ec)
          return;
        socket.set_option(tcp::no_delay(true));
        peers.push_back(std::make_shared<peer>(std::move(socket), *this));
        peers.back()->read();
        accept();
      });
  }

  tcp::acceptor acceptor_;
  const std::string port_;
};

/// Runs an event loop until a condition holds; fails after ten seconds.
template <class Condition>
void run_until(boost::asio::io_context& context, Condition condition) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!condition()) {
    context.restart();
    if (context.run_one_until(deadline) == 0)
      CAF_FAIL("what is waited for does not happen");
  }
}

} // namespace waybill::test
