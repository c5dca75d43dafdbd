#define CAF_SUITE connection

#include "redis/connection.hpp"

#include "test/fixture.hpp"
#include "test/redis/scripted_server.hpp"

namespace connection_suite {

using namespace waybill;
using namespace waybill::redis;

namespace {

/// Keeps what a connection tells its owner.
struct fake_owner : waybill::redis::connection::listener {
  void on_open() override { seen.push_back("open"); }

  void on_reply(reply_handler then, caf::expected<reply> reply) override {
    seen.push_back(reply ? "reply " + reply->text
                         : to_string(static_cast<errc>(reply.error().code())));
    if (closes)
      closes->close();
    then(std::move(reply));
  }

  void on_message(const channel_message& message) override {
    seen.push_back("message " + std::string{message.channel} + ' '
                   + std::string{message.text});
    if (closes)
      closes->close();
  }

  void on_push(reply reply) override {
    seen.push_back("push " + reply.text);
    pushed = std::move(reply);
  }

  void on_lost(const std::string& reason) override {
    seen.push_back("lost");
    lost = reason;
  }

  test::texts seen;
  std::string lost;
  reply pushed;

  /// Is closed by the first reply or message, if there is any.
  std::shared_ptr<waybill::redis::connection> closes;
};

/// Returns the bytes of a message on the channel `c`.
std::string message_of(const std::string& text) {
  return "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$" + std::to_string(text.size())
         + "\r\n" + text + "\r\n";
}

struct connection_fixture : test::fixture {
  ~connection_fixture() override {
    aut->close();
    io.restart();
    io.poll();
  }

  template <class Condition>
  void run_until(Condition condition) {
    test::run_until(io, condition);
  }

  /// Connects, and waits until that has worked or failed.
  void open(const server_url& url, bool wants_id = false) {
    aut->open(url, wants_id);
    run_until([this] { return !owner.seen.empty(); });
  }

  /// Connects to a server that takes any command, and forgets how.
  void open() {
    open(server.url());
    CAF_REQUIRE_EQUAL(owner.seen, test::texts{"open"});
    owner.seen.clear();
  }

  void send(const std::string& name) {
    aut->send({name}, [this, name](const caf::expected<reply>& x) {
      answers.push_back(name + ' ' + (x ? x->text : sys.render(x.error())));
    });
  }

  test::scripted_server::peer& peer() { return *server.peers.at(0); }

  /// Connects to a server that answers one command of the login otherwise.
  void open_against(const std::string& name, const std::string& answer) {
    server.answer = [name, answer](const command& x) {
      return x[0] == name ? answer : test::scripted_server::log_in(x);
    };
    auto url = server.url();
    url.password = "pw";
    url.role = "master";
    open(url, true);
  }

  boost::asio::io_context io;
  test::scripted_server server{io};
  fake_owner owner;
  std::shared_ptr<waybill::redis::connection> aut
    = std::make_shared<waybill::redis::connection>(io, owner);
  test::texts answers;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(connection_tests, connection_fixture)

CAF_TEST(logs in with all that the URL asks for) {
  auto url = server.url();
  url.user = "joe";
  url.password = "p w";
  url.db = "3";
  url.role = "master";
  open(url, true);
  CAF_CHECK_EQUAL(owner.seen, test::texts{"open"});
  CAF_CHECK_EQUAL(
    peer().login,
    (std::vector<command>{
      {"AUTH", "joe", "p w"}, {"SELECT", "3"}, {"ROLE"}, {"CLIENT", "ID"}}));
  CAF_CHECK_EQUAL(aut->id(), 7u);
}

CAF_TEST(logs in with no more than the URL asks for) {
  open(server.url());
  CAF_CHECK_EQUAL(peer().login, (std::vector<command>{{"SELECT", "0"}}));
  CAF_CHECK_EQUAL(aut->id(), 0u);
}

CAF_TEST(a password needs no user) {
  auto url = server.url();
  url.password = "pw";
  open(url);
  CAF_CHECK_EQUAL(peer().login,
                  (std::vector<command>{{"AUTH", "pw"}, {"SELECT", "0"}}));
}

CAF_TEST(is open when the last step of the login is answered) {
  server.answer = [](const command& x) {
    return x[0] == "ROLE" ? "" : test::scripted_server::log_in(x);
  };
  auto url = server.url();
  url.role = "master";
  aut->open(url);
  run_until(
    [this] { return !server.peers.empty() && peer().login.size() == 2; });
  CAF_CHECK(owner.seen.empty());
  peer().write("*1\r\n$6\r\nmaster\r\n");
  run_until([this] { return !owner.seen.empty(); });
  CAF_CHECK_EQUAL(owner.seen, test::texts{"open"});
}

CAF_TEST(a wrong password is the reason for the end) {
  open_against("AUTH", "-WRONGPASS invalid password\r\n");
  CAF_CHECK_EQUAL(owner.seen, test::texts{"lost"});
  CAF_CHECK_EQUAL(owner.lost, "WRONGPASS invalid password");
}

CAF_TEST(a Redis that takes no commands is not connected to) {
  open_against("SELECT", "-LOADING Redis is loading\r\n");
  CAF_CHECK_EQUAL(owner.seen, test::texts{"lost"});
  CAF_CHECK_EQUAL(owner.lost, "LOADING Redis is loading");
}

CAF_TEST(a server of another role is not connected to) {
  open_against("ROLE", "*1\r\n$5\r\nslave\r\n");
  CAF_CHECK_EQUAL(owner.lost, "this Redis is no master");
}

CAF_TEST(a server without a role is not connected to) {
  open_against("ROLE", "*0\r\n");
  CAF_CHECK_EQUAL(owner.lost, "this Redis is no master");
}

CAF_TEST(a server that does not tell its role is not connected to) {
  open_against("ROLE", "-NOPERM no permissions\r\n");
  CAF_CHECK_EQUAL(owner.lost, "NOPERM no permissions");
}

CAF_TEST(a user without a right to its id has none) {
  open_against("CLIENT", "-NOPERM no permissions\r\n");
  CAF_CHECK_EQUAL(owner.seen, test::texts{"open"});
  CAF_CHECK_EQUAL(aut->id(), 0u);
}

CAF_TEST(a server that is not there is lost) {
  server.stop_listening();
  open(server.url());
  CAF_CHECK_EQUAL(owner.seen, test::texts{"lost"});
  CAF_CHECK_EQUAL(owner.lost, "Connection refused");
}

CAF_TEST(a unix socket that is not there is lost) {
  server_url url;
  url.path = "/nowhere/socket";
  open(url);
  CAF_CHECK_EQUAL(owner.lost, "No such file or directory");
}

CAF_TEST(a server that speaks no TLS is lost) {
  auto url = server.url();
  url.tls = true;
  url.trust = unbox(make_trust(""));
  open(url);
  CAF_CHECK_EQUAL(owner.seen, test::texts{"lost"});
  CAF_CHECK(owner.lost.starts_with("no TLS: "));
  CAF_CHECK(peer().login.empty());
}

CAF_TEST(replies reach their commands in order) {
  open();
  send("A");
  send("B");
  run_until([this] { return peer().received.size() == 2; });
  CAF_CHECK_EQUAL(peer().received, (std::vector<command>{{"A"}, {"B"}}));
  peer().write("+a\r\n$2\r\n");
  run_until([this] { return answers.size() == 1; });
  peer().write("bb\r\n");
  run_until([this] { return answers.size() == 2; });
  CAF_CHECK_EQUAL(answers, (test::texts{"A a", "B bb"}));
}

CAF_TEST(messages and what no command asked for come in order) {
  open();
  aut->send({"SUBSCRIBE", "c"});
  run_until([this] { return !peer().received.empty(); });
  peer().write(message_of("a") + message_of("b") + "+OK\r\n" + message_of("c"));
  run_until([this] { return owner.seen.size() == 4; });
  CAF_CHECK_EQUAL(owner.seen, (test::texts{"message c a", "message c b",
                                           "push OK", "push "}));
  CAF_REQUIRE_EQUAL(owner.pushed.items.size(), 3u);
  CAF_CHECK_EQUAL(owner.pushed.items[2].text, "c");
}

CAF_TEST(a message in two reads comes whole) {
  open();
  auto first = message_of("hello");
  peer().write("+OK\r\n" + first.substr(0, 30));
  run_until([this] { return owner.seen.size() == 1; });
  peer().write(first.substr(30) + message_of("x"));
  run_until([this] { return owner.seen.size() == 3; });
  CAF_CHECK_EQUAL(owner.pushed.items.at(2).text, "x");
  CAF_MESSAGE("and the next ones are messages again");
  peer().write(message_of("y"));
  run_until([this] { return owner.seen.size() == 4; });
  CAF_CHECK(owner.seen[3] == "message c y");
}

CAF_TEST(nothing follows a message that closes the connection) {
  open();
  owner.closes = aut;
  peer().write(message_of("a") + message_of("b") + "+OK\r\n");
  run_until([this] { return !owner.seen.empty(); });
  CAF_CHECK_EQUAL(owner.seen, test::texts{"message c a"});
}

CAF_TEST(a push of many reads comes whole) {
  open();
  CAF_CHECK(aut->take_activity());
  CAF_CHECK(!aut->take_activity());
  std::string bytes(5 << 20, 'x');
  peer().write('$' + std::to_string(bytes.size()) + "\r\n" + bytes
               + "\r\n+next\r\n");
  run_until([this] { return owner.seen.size() == 2; });
  CAF_CHECK(owner.seen[0] == "push " + bytes);
  CAF_CHECK_EQUAL(owner.seen[1], "push next");
  CAF_CHECK(aut->take_activity());
}

CAF_TEST(commands wait to be sent until the turn of the loop is over) {
  open();
  CAF_CHECK_EQUAL(aut->unsent_bytes(), 0u);
  send("A");
  CAF_CHECK_EQUAL(aut->unsent_bytes(), std::string{"*1\r\n$1\r\nA\r\n"}.size());
  run_until([this] { return aut->unsent_bytes() == 0; });
  run_until([this] { return !peer().received.empty(); });
}

CAF_TEST(what comes while a write is under way is sent behind it) {
  open();
  aut->send({"A", std::string(8 << 20, 'x')}, [](const auto&) {});
  auto before = peer().bytes;
  run_until([&] { return peer().bytes > before; });
  CAF_CHECK(peer().received.empty());
  send("B");
  run_until([this] { return peer().received.size() == 2; });
  CAF_CHECK_EQUAL(peer().received[0][1].size(), 8u << 20);
  CAF_CHECK_EQUAL(peer().received[1], command{"B"});
}

CAF_TEST(a server that ends leaves its commands unanswered) {
  open();
  send("A");
  run_until([this] { return !peer().received.empty(); });
  peer().close();
  run_until([this] { return !owner.lost.empty(); });
  CAF_CHECK_EQUAL(owner.seen, (test::texts{"unanswered", "lost"}));
  CAF_CHECK_EQUAL(answers, test::texts{"A unanswered"});
  CAF_CHECK_EQUAL(owner.lost, "End of file");
}

CAF_TEST(a command that was surely not sent may be repeated) {
  open();
  send("A");
  run_until([this] { return !peer().received.empty(); });
  send("B");
  aut->close();
  CAF_CHECK_EQUAL(answers, (test::texts{"A unanswered", "B bus_away"}));
  run_until([this] { return peer().closed; });
  CAF_CHECK_EQUAL(peer().received, (std::vector<command>{{"A"}}));
  CAF_MESSAGE("and nothing is told after a close");
  CAF_CHECK_EQUAL(owner.seen, (test::texts{"unanswered", "bus_away"}));
}

CAF_TEST(a silent connection discards the bytes that its server has not got) {
  open();
  peer().reads = false;
  aut->send({"A", std::string(8 << 20, 'x')}, [](const auto&) {});
  auto before = peer().bytes;
  run_until([&] { return peer().bytes > before; });
  aut->discard_unacknowledged();
  aut->close();
  peer().reads = true;
  peer().read();
  run_until([this] { return peer().closed; });
  CAF_CHECK(peer().error == boost::asio::error::connection_reset);
  CAF_CHECK(peer().received.empty());
}

CAF_TEST(a silent connection ends in order if its server has got all) {
  open();
  send("A");
  run_until([this] { return !peer().received.empty(); });
  // A reply carries the acknowledgement of its command.
  peer().write("+OK\r\n");
  run_until([this] { return !answers.empty(); });
  aut->discard_unacknowledged();
  aut->send_last({"B"});
  aut->close();
  run_until([this] { return peer().closed; });
  CAF_CHECK(peer().error == boost::asio::error::eof);
  CAF_CHECK_EQUAL(peer().received, (std::vector<command>{{"A"}, {"B"}}));
}

CAF_TEST(a connection that is closed while it logs in tells nothing) {
  server.answer = [](const command&) { return ""; };
  aut->open(server.url());
  run_until([this] { return !server.peers.empty() && !peer().login.empty(); });
  aut->close();
  run_until([this] { return peer().closed; });
  CAF_CHECK(owner.seen.empty());
}

CAF_TEST(bytes that are not RESP end the connection) {
  open();
  send("A");
  run_until([this] { return !peer().received.empty(); });
  peer().write("HTTP/1.1 400 Bad Request\r\n\r\n");
  run_until([this] { return !owner.lost.empty(); });
  CAF_CHECK_EQUAL(owner.seen, (test::texts{"unanswered", "lost"}));
  run_until([this] { return peer().closed; });
}

CAF_TEST(a reply may close the connection) {
  open();
  send("A");
  send("B");
  run_until([this] { return peer().received.size() == 2; });
  owner.closes = aut;
  peer().write("+a\r\n+b\r\n+c\r\n");
  run_until([this] { return peer().closed; });
  owner.closes = nullptr;
  CAF_CHECK_EQUAL(owner.seen, (test::texts{"reply a", "unanswered"}));
}

CAF_TEST(a last command is sent though the connection is closed) {
  open();
  aut->send_last({"PUBLISH", "c", "bye"});
  aut->close();
  run_until([this] { return peer().closed; });
  CAF_CHECK_EQUAL(peer().received,
                  (std::vector<command>{{"PUBLISH", "c", "bye"}}));
  CAF_MESSAGE("and not after it is");
  aut->send_last({"PUBLISH", "c", "bye"});
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace connection_suite
