#define CAF_SUITE client_link

#include "redis/client_link.hpp"

#include <deque>

#include "test/fixture.hpp"
#include "test/redis/scripted_server.hpp"

namespace client_link_suite {

using namespace waybill;
using namespace waybill::redis;

namespace {

struct client_link_fixture : test::fixture {
  client_link_fixture() {
    owner = spawn_mock<bridge_actor>({
      [this](const events& x) {
        ++batches;
        for (auto& event : x.all)
          std::visit([this](auto& e) { take(e); }, event);
      },
    });
    aut = std::make_shared<waybill::redis::client_link>(io, server.url());
  }

  ~client_link_fixture() override {
    aut->stop();
    io.restart();
    io.poll();
  }

  void take(const link_up& x) {
    seen.push_back("up " + std::to_string(x.client));
  }

  void take(const link_down& x) { seen.push_back("down " + x.reason); }

  void take(const subscribed& x) { seen.push_back("subscribed " + x.channel); }

  void take(const unsubscribed& x) {
    seen.push_back("unsubscribed " + x.channel);
  }

  void take(const revoked& x) {
    seen.push_back((x.rejected ? "rejected " : "revoked ") + x.channel
                   + (x.error.empty() ? "" : ": ") + x.error);
  }

  void take(const message& x) {
    seen.push_back("message " + x.channel + ' ' + x.bytes);
  }

  void take(const answered& x) {
    seen.push_back("answered");
    x.then(x.reply);
  }

  template <class Condition>
  void run_until(Condition condition) {
    test::run_until(io, [this, &condition] {
      settle();
      return condition();
    });
  }

  void await_events(size_t count) {
    run_until([=, this] { return seen.size() >= count; });
  }

  /// Waits until the server has got a command that begins with this word, and
  /// returns the connection.
  test::scripted_server::peer& await_command(const std::string& name) {
    test::scripted_server::peer* result = nullptr;
    run_until([&] {
      for (auto& peer : server.peers)
        for (auto& command : peer->received)
          if (command[0] == name)
            result = peer.get();
      return result != nullptr;
    });
    return *result;
  }

  /// Connects to a master of a Redis Cluster.
  /// @returns the subscribed connection.
  test::scripted_server::peer& start_sharded() {
    aut = std::make_shared<waybill::redis::client_link>(io, server.url(),
                                                        pubsub_kind::sharded);
    start();
    aut->subscribe({"c"});
    auto& result = await_command("SSUBSCRIBE");
    result.write("*3\r\n$10\r\nssubscribe\r\n$1\r\nc\r\n:1\r\n");
    await_events(1);
    CAF_REQUIRE_EQUAL(seen, test::texts{"subscribed c"});
    seen.clear();
    return result;
  }

  /// Connects, and forgets that.
  void start() {
    aut->start(owner);
    await_events(1);
    CAF_REQUIRE_EQUAL(seen, test::texts{"up 7"});
    seen.clear();
  }

  /// Adds a server that lasts as long as the link.
  test::scripted_server& add_server() { return more_servers.emplace_back(io); }

  /// Adds a Sentinel that names a port of this machine as the master's, or
  /// none.
  test::scripted_server& add_sentinel(const std::string& port) {
    auto& result = add_server();
    result.answer = [port](const command& x) {
      if (x[0] != "ROLE" && port.empty())
        return std::string{"*-1\r\n"};
      std::string result;
      append(result,
             x[0] == "ROLE" ? command{"sentinel"} : command{"127.0.0.1", port});
      return result;
    };
    url.sentinels.push_back(result.url());
    url.sentinels.back().db.clear();
    url.sentinels.back().role = "sentinel";
    return result;
  }

  /// Begins to connect to where the Sentinels say that the master is.
  void start_with_sentinels() {
    url.master = "m";
    url.password = "pw";
    aut = std::make_shared<waybill::redis::client_link>(io, url);
    aut->start(owner);
  }

  void send(const command& command) {
    aut->send(command, [this](const caf::expected<reply>& x) {
      answers.push_back(x ? x->text : sys.render(x.error()));
    });
  }

  boost::asio::io_context io;
  test::scripted_server server{io};
  std::deque<test::scripted_server> more_servers;

  /// URL that names the Sentinels.
  server_url url;
  std::shared_ptr<waybill::redis::client_link> aut;
  bridge_actor owner;

  /// Events of the link, and the number of messages that brought them.
  test::texts seen;
  size_t batches = 0;
  test::texts answers;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(client_link_tests, client_link_fixture)

CAF_TEST(is up when both connections are and knows the one that subscribes) {
  auto holds_back = true;
  server.answer = [&](const command& x) {
    return holds_back && x[0] == "CLIENT" ? ""
                                          : test::scripted_server::log_in(x);
  };
  aut->start(owner);
  run_until([this] {
    return server.peers.size() == 2
           && server.peers[0]->login.size() + server.peers[1]->login.size()
                == 3;
  });
  CAF_CHECK(seen.empty());
  CAF_MESSAGE("without both nothing is sent");
  send({"GET", "a"});
  await_events(1);
  CAF_CHECK_EQUAL(answers, test::texts{"bus_away"});
  for (auto& peer : server.peers)
    if (peer->login.size() == 2)
      peer->write(":9\r\n");
  await_events(2);
  CAF_CHECK_EQUAL(seen.back(), "up 9");
}

CAF_TEST(commands and subscriptions go on connections of their own) {
  start();
  send({"GET", "a"});
  aut->subscribe({"c", "d"});
  auto& commands = await_command("GET");
  auto& pubsub = await_command("SUBSCRIBE");
  CAF_CHECK(&commands != &pubsub);
  CAF_CHECK_EQUAL(pubsub.received[0], (command{"SUBSCRIBE", "c", "d"}));
  commands.write("$1\r\nx\r\n");
  await_events(1);
  CAF_CHECK_EQUAL(answers, test::texts{"x"});
}

CAF_TEST(tells what comes on channels in its order) {
  start();
  aut->subscribe({"c"});
  auto& pubsub = await_command("SUBSCRIBE");
  pubsub.write("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"
               "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n");
  await_events(2);
  aut->unsubscribe({"c"});
  await_command("UNSUBSCRIBE");
  pubsub.write("*3\r\n$11\r\nunsubscribe\r\n$1\r\nc\r\n:0\r\n");
  await_events(3);
  CAF_CHECK_EQUAL(
    seen, (test::texts{"subscribed c", "message c hi", "unsubscribed c"}));
}

CAF_TEST(all that one read brings is told at once) {
  start();
  send({"A"});
  send({"B"});
  send({"C"});
  auto& commands = await_command("C");
  batches = 0;
  commands.write("+a\r\n+b\r\n+c\r\n");
  await_events(3);
  CAF_CHECK_EQUAL(batches, 1u);
  CAF_CHECK_EQUAL(answers, (test::texts{"a", "b", "c"}));
}

CAF_TEST(a message of another kind is passed over) {
  start();
  aut->subscribe({"c"});
  auto& pubsub = await_command("SUBSCRIBE");
  pubsub.write("*3\r\n$5\r\nother\r\n$1\r\nc\r\n:1\r\n"
               "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
  await_events(1);
  CAF_CHECK_EQUAL(seen, test::texts{"subscribed c"});
}

CAF_TEST(without a link nothing is sent) {
  send({"GET", "a"});
  aut->subscribe({"c"});
  aut->unsubscribe({"c"});
  aut->reset("no reason");
  CAF_CHECK_EQUAL(aut->unsent_bytes(), 0u);
  start();
  send({"GET", "b"});
  CAF_CHECK(aut->unsent_bytes() > 0);
  auto& commands = await_command("GET");
  CAF_CHECK_EQUAL(commands.received, (std::vector<command>{{"GET", "b"}}));
}

CAF_TEST(the loss of one connection ends the other) {
  start();
  aut->subscribe({"c"});
  send({"GET", "a"});
  auto& commands = await_command("GET");
  await_command("SUBSCRIBE").close();
  await_events(2);
  CAF_MESSAGE("commands are answered before");
  CAF_CHECK_EQUAL(seen, (test::texts{"answered", "down End of file"}));
  CAF_CHECK_EQUAL(answers, test::texts{"unanswered"});
  run_until([&] { return commands.closed; });
}

CAF_TEST(a lost link is made anew) {
  start();
  send({"GET", "a"});
  aut->subscribe({"c"});
  auto& pubsub = await_command("SUBSCRIBE");
  await_command("GET").close();
  await_events(3);
  CAF_CHECK_EQUAL(seen, (test::texts{"answered", "down End of file", "up 7"}));
  CAF_CHECK(pubsub.closed);
  CAF_CHECK_EQUAL(server.peers.size(), 4u);
}

CAF_TEST(a server that is not there is told with the reason) {
  server.stop_listening();
  aut->start(owner);
  await_events(1);
  CAF_CHECK_EQUAL(seen, test::texts{"down Connection refused"});
}

CAF_TEST(an error on the connection that subscribes ends the link) {
  start();
  aut->subscribe({"c"});
  await_command("SUBSCRIBE").write("-NOPERM no permissions\r\n");
  await_events(1);
  CAF_CHECK_EQUAL(seen, test::texts{"down NOPERM no permissions"});
}

CAF_TEST(a reply that no channel brings ends the link) {
  for (auto bytes : {"+OK\r\n", "*2\r\n$7\r\nmessage\r\n$1\r\nc\r\n"}) {
    seen.clear();
    aut->stop();
    aut = std::make_shared<waybill::redis::client_link>(io, server.url());
    start();
    aut->subscribe({bytes});
    test::scripted_server::peer* pubsub = nullptr;
    run_until([&] {
      for (auto& peer : server.peers)
        if (!peer->received.empty() && peer->received[0][1] == bytes)
          pubsub = peer.get();
      return pubsub != nullptr;
    });
    pubsub->write(bytes);
    await_events(1);
    CAF_CHECK_EQUAL(seen, test::texts{"down an unexpected reply"});
  }
}

CAF_TEST(a reset drops the link after its farewell) {
  start();
  send({"GET", "a"});
  auto& commands = await_command("GET");
  aut->set_farewell({"PUBLISH", "c", "bye"});
  aut->reset("no canary");
  CAF_CHECK_EQUAL(aut->unsent_bytes(), 0u);
  await_events(2);
  CAF_CHECK_EQUAL(seen, (test::texts{"answered", "down no canary"}));
  run_until([&] { return commands.closed; });
  CAF_CHECK_EQUAL(commands.received.back(), (command{"PUBLISH", "c", "bye"}));
}

CAF_TEST(replicas are asked on a third connection) {
  start();
  std::string answer;
  aut->await_replicas(2, [&](const caf::expected<reply>& x) {
    answer = std::to_string(unbox(x).number);
  });
  auto& waits = await_command("WAIT");
  CAF_CHECK_EQUAL(server.peers.size(), 3u);
  CAF_CHECK_EQUAL(waits.received[1], (command{"WAIT", "2", "300"}));
  waits.write("*2\r\n$1\r\n1\r\n$1\r\n2\r\n:2\r\n");
  await_events(1);
  CAF_CHECK_EQUAL(answer, "2");
  CAF_MESSAGE("which ends with the link");
  aut->reset("no canary");
  run_until([&] { return waits.closed; });
}

CAF_TEST(nothing is told once it has stopped) {
  start();
  send({"GET", "a"});
  auto& commands = await_command("GET");
  commands.write("+x\r\n");
  aut->stop();
  run_until([&] { return commands.closed; });
  settle();
  CAF_CHECK(seen.empty());
  CAF_CHECK(answers.empty());
}

CAF_TEST(with Sentinels it goes where they say that the master is) {
  add_sentinel(server.url().port);
  start_with_sentinels();
  await_events(1);
  CAF_CHECK_EQUAL(seen, test::texts{"up 7"});
  for (auto& peer : server.peers) {
    auto login = peer->login;
    login.resize(3);
    CAF_CHECK_EQUAL(
      login, (std::vector<command>{{"AUTH", "pw"}, {"SELECT", "0"}, {"ROLE"}}));
  }
}

CAF_TEST(a Sentinel that names no master leaves the link down) {
  auto& first = add_sentinel("");
  start_with_sentinels();
  await_events(1);
  CAF_CHECK_EQUAL(seen,
                  test::texts{"down no Sentinel names the master; "
                              "127.0.0.1:"
                              + first.url().port + ": no master is called m"});
  CAF_CHECK(server.peers.empty());
}

CAF_TEST(a Sentinel that names a replica is not asked next) {
  auto& replica = add_server();
  replica.answer = [](const command& x) {
    return x[0] == "ROLE" ? "*1\r\n$5\r\nslave\r\n"
                          : test::scripted_server::log_in(x);
  };
  add_sentinel(replica.url().port);
  add_sentinel(server.url().port);
  start_with_sentinels();
  await_events(2);
  CAF_CHECK_EQUAL(seen, (test::texts{"down this Redis is no master", "up 7"}));
}

CAF_TEST(a link leaves its server when the master has moved) {
  auto& other = add_server();
  auto& first = add_sentinel(server.url().port);
  add_sentinel(other.url().port);
  start_with_sentinels();
  await_events(1);
  first.peers.at(0)->close();
  await_events(3);
  CAF_CHECK_EQUAL(seen, (test::texts{"up 7",
                                     "down the master moved to "
                                     "redis://127.0.0.1:"
                                       + other.url().port + "/0",
                                     "up 7"}));
  CAF_CHECK_EQUAL(other.peers.size(), 2u);
  for (auto& peer : server.peers)
    CAF_CHECK(peer->closed);
}

CAF_TEST(a link that is up needs no Sentinel) {
  auto& first = add_sentinel(server.url().port);
  start_with_sentinels();
  await_events(1);
  first.stop_listening();
  first.peers.at(0)->close();
  send({"GET", "a"});
  await_command("GET").write("+x\r\n");
  await_events(2);
  CAF_CHECK_EQUAL(seen, (test::texts{"up 7", "answered"}));
}

CAF_TEST(in a cluster each channel is subscribed by a command) {
  auto& peer = start_sharded();
  aut->subscribe({"a", "b"});
  aut->unsubscribe({"c"});
  aut->subscribe_open("o");
  run_until([&] { return peer.received.size() == 6; });
  const std::vector<command> sent{{"SSUBSCRIBE", "c"},
                                  {"SSUBSCRIBE", "a"},
                                  {"SSUBSCRIBE", "b"},
                                  {"SUNSUBSCRIBE", "c"},
                                  {"PING"},
                                  {"SUBSCRIBE", "o"}};
  CAF_CHECK(peer.received == sent);
  peer.write("*3\r\n$10\r\nssubscribe\r\n$1\r\na\r\n:2\r\n"
             "-MOVED 3300 127.0.0.1:7002\r\n"
             "*3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$1\r\nx\r\n"
             "*3\r\n$12\r\nsunsubscribe\r\n$1\r\nc\r\n:1\r\n"
             "*2\r\n$4\r\npong\r\n$0\r\n\r\n"
             "*3\r\n$9\r\nsubscribe\r\n$1\r\no\r\n:1\r\n");
  await_events(5);
  const test::texts all{"subscribed a", "rejected b: MOVED 3300 127.0.0.1:7002",
                        "message a x", "unsubscribed c", "subscribed o"};
  CAF_CHECK_EQUAL(seen, all);
}

CAF_TEST(in a cluster subscriptions end when their slot moves) {
  auto& peer = start_sharded();
  aut->unsubscribe_open("o");
  aut->subscribe({"d"});
  // The connection has no channels left when it is pinged.
  peer.write("*3\r\n$12\r\nsunsubscribe\r\n$1\r\nc\r\n:0\r\n"
             "*3\r\n$11\r\nunsubscribe\r\n$1\r\no\r\n:0\r\n"
             "+PONG\r\n"
             "*3\r\n$10\r\nssubscribe\r\n$1\r\nd\r\n:1\r\n");
  await_events(3);
  const test::texts all{"revoked c", "unsubscribed o", "subscribed d"};
  CAF_CHECK_EQUAL(seen, all);
}

CAF_TEST(in a cluster a new link owes no replies of the last) {
  start_sharded();
  aut->subscribe({"lost"});
  aut->reset("a test");
  await_events(2);
  const test::texts again{"down a test", "up 7"};
  CAF_REQUIRE_EQUAL(seen, again);
  seen.clear();
  aut->subscribe({"d"});
  run_until([&] {
    return server.peers.size() == 4
           && (!server.peers[2]->received.empty()
               || !server.peers[3]->received.empty());
  });
  auto& peer = *server.peers[server.peers[2]->received.empty() ? 3 : 2];
  peer.write("*3\r\n$10\r\nssubscribe\r\n$1\r\nd\r\n:1\r\n");
  await_events(1);
  CAF_CHECK_EQUAL(seen, test::texts{"subscribed d"});
}

CAF_TEST(in a cluster a user without rights has no link) {
  auto& peer = start_sharded();
  aut->subscribe({"a"});
  peer.write("-NOPERM this user has no permissions\r\n");
  await_events(1);
  CAF_CHECK_EQUAL(seen,
                  test::texts{"down NOPERM this user has no permissions"});
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace client_link_suite
