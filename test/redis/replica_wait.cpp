#define CAF_SUITE replica_wait

#include "redis/replica_wait.hpp"

#include "test/fixture.hpp"
#include "test/redis/scripted_server.hpp"

namespace replica_wait_suite {

using namespace waybill;
using namespace waybill::redis;

namespace {

struct replica_wait_fixture : test::fixture {
  ~replica_wait_fixture() override {
    aut.close();
    io.restart();
    io.poll();
  }

  template <class Condition>
  void run_until(Condition condition) {
    test::run_until(io, condition);
  }

  void ask(const std::string& name, size_t replicas = 2) {
    aut.ask(server.url(), replicas,
            [this, name](const caf::expected<reply>& x) {
              auto answer = !x ? sys.render(x.error())
                            : x->type == reply::kind::number
                              ? std::to_string(x->number)
                              : x->text;
              answers.push_back(name + ' ' + answer);
            });
  }

  /// Waits until the last connection has brought so many commands.
  void await_commands(size_t count) {
    run_until([=, this] {
      return !server.peers.empty() && peer().received.size() >= count;
    });
  }

  void await_answers(size_t count) {
    run_until([=, this] { return answers.size() >= count; });
  }

  test::scripted_server::peer& peer() { return *server.peers.back(); }

  boost::asio::io_context io;
  test::scripted_server server{io};
  waybill::redis::replica_wait aut{
    io, [](const reply_handler& handler, caf::expected<reply> reply) {
      handler(std::move(reply));
    }};
  test::texts answers;
};

const auto wait_for_two = std::vector<command>{{"TIME"}, {"WAIT", "2", "300"}};

/// Replies of Redis to TIME and to WAIT.
const auto two_replicas = "*2\r\n$1\r\n1\r\n$1\r\n2\r\n:2\r\n";

} // namespace

CAF_TEST_FIXTURE_SCOPE(replica_wait_tests, replica_wait_fixture)

CAF_TEST(asks on a connection that the first question opens) {
  CAF_CHECK(server.peers.empty());
  ask("a");
  await_commands(2);
  CAF_CHECK_EQUAL(peer().received, wait_for_two);
  CAF_CHECK(answers.empty());
  peer().write(two_replicas);
  await_answers(1);
  CAF_CHECK_EQUAL(answers, test::texts{"a 2"});
  CAF_MESSAGE("and that stays open");
  ask("b", 1);
  await_commands(4);
  CAF_CHECK_EQUAL(peer().received[3], (command{"WAIT", "1", "300"}));
  CAF_CHECK_EQUAL(server.peers.size(), 1u);
}

CAF_TEST(all that comes while it connects shares one question) {
  ask("a");
  ask("b");
  await_commands(2);
  peer().write(two_replicas);
  await_answers(2);
  CAF_CHECK_EQUAL(answers, (test::texts{"a 2", "b 2"}));
  CAF_CHECK_EQUAL(peer().received, wait_for_two);
}

CAF_TEST(all that comes while one is under way shares the next) {
  ask("a");
  await_commands(2);
  ask("b");
  ask("c");
  peer().write("*2\r\n$1\r\n1\r\n$1\r\n2\r\n:1\r\n");
  await_commands(4);
  CAF_MESSAGE("which knows nothing of what the first was answered");
  CAF_CHECK_EQUAL(answers, test::texts{"a 1"});
  peer().write(two_replicas);
  await_answers(3);
  CAF_CHECK_EQUAL(answers, (test::texts{"a 1", "b 2", "c 2"}));
  CAF_CHECK_EQUAL(peer().received.size(), 4u);
}

CAF_TEST(an error of Redis is handed on) {
  ask("a");
  await_commands(2);
  peer().write("*2\r\n$1\r\n1\r\n$1\r\n2\r\n-ERR WAIT cannot be used\r\n");
  await_answers(1);
  CAF_CHECK_EQUAL(answers, test::texts{"a ERR WAIT cannot be used"});
}

CAF_TEST(a lost connection answers all and the next question opens another) {
  ask("a");
  await_commands(2);
  ask("b");
  peer().close();
  await_answers(2);
  CAF_CHECK_EQUAL(answers[0], "a unanswered");
  answers.clear();
  ask("c");
  run_until([this] { return server.peers.size() == 2; });
  await_commands(2);
  peer().write(two_replicas);
  await_answers(1);
  CAF_CHECK_EQUAL(answers, test::texts{"c 2"});
}

CAF_TEST(a server that cannot be reached leaves all unanswered) {
  server.stop_listening();
  ask("a");
  ask("b");
  await_answers(2);
  CAF_CHECK_EQUAL(answers, (test::texts{"a unanswered", "b unanswered"}));
}

CAF_TEST(a server that lets nobody in leaves all unanswered) {
  server.answer = [](const command&) { return "-NOAUTH required\r\n"; };
  ask("a");
  await_answers(1);
  CAF_CHECK_EQUAL(answers, test::texts{"a unanswered"});
}

CAF_TEST(a close answers all that is open at once) {
  aut.close();
  ask("a");
  await_commands(2);
  ask("b");
  aut.close();
  CAF_CHECK_EQUAL(answers, (test::texts{"a unanswered", "b unanswered"}));
  run_until([this] { return peer().closed; });
  CAF_CHECK_EQUAL(peer().received, wait_for_two);
}

CAF_TEST(a close before it is connected answers all) {
  ask("a");
  aut.close();
  CAF_CHECK_EQUAL(answers, test::texts{"a unanswered"});
}

CAF_TEST(a reply that nobody asked for ends the connection) {
  ask("a");
  await_commands(2);
  peer().write(two_replicas);
  await_answers(1);
  peer().write(":2\r\n");
  run_until([this] { return peer().closed; });
  ask("b");
  run_until([this] { return server.peers.size() == 2; });
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace replica_wait_suite
