#define CAF_SUITE sentinels

#include "redis/sentinels.hpp"

#include "test/fixture.hpp"
#include "test/redis/scripted_server.hpp"

namespace sentinels_suite {

using namespace waybill;
using namespace waybill::redis;

namespace {

/// Returns an array of words as RESP.
std::string array_of(const test::texts& words) {
  std::string result;
  append(result, words);
  return result;
}

/// Keeps what Sentinels tell their owner.
struct fake_owner : waybill::redis::sentinels::listener {
  void on_master(const server_url& url) override { masters.push_back(url); }

  void on_no_master(const std::string& reason) override {
    reasons.push_back(reason);
  }

  std::vector<server_url> masters;
  test::texts reasons;
};

struct sentinels_fixture : test::fixture {
  sentinels_fixture() {
    for (auto server : {&first, &second}) {
      answer_master(*server, array_of({"10.0.0.1", "6380"}));
      url.sentinels.push_back(server->url());
      url.sentinels.back().db.clear();
      url.sentinels.back().role = "sentinel";
    }
    url.master = "m";
    url.user = "joe";
    url.password = "pw";
    url.db = "3";
    start();
  }

  ~sentinels_fixture() override {
    aut->stop();
    io.restart();
    io.poll();
  }

  void start() {
    aut = std::make_shared<waybill::redis::sentinels>(io, url, owner);
  }

  /// Has a Sentinel answer a question for the master with these bytes.
  void answer_master(test::scripted_server& server, const std::string& bytes) {
    server.answer = [bytes](const command& x) {
      return x[0] == "ROLE" ? array_of({"sentinel"}) : bytes;
    };
  }

  template <class Condition>
  void run_until(Condition condition) {
    test::run_until(io, condition);
  }

  void await_masters(size_t count) {
    run_until([=, this] { return owner.masters.size() >= count; });
  }

  /// Asks, and waits until there is an answer.
  void ask() {
    auto count = owner.masters.size() + owner.reasons.size();
    aut->ask();
    run_until([=, this] {
      return owner.masters.size() + owner.reasons.size() > count;
    });
  }

  /// Returns how a reason begins that names this Sentinel.
  std::string reason_of(const test::scripted_server& server) {
    return "no Sentinel names the master; 127.0.0.1:" + server.url().port
           + ": ";
  }

  boost::asio::io_context io;
  test::scripted_server first{io};
  test::scripted_server second{io};
  server_url url;
  fake_owner owner;
  std::shared_ptr<waybill::redis::sentinels> aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sentinels_tests, sentinels_fixture)

CAF_TEST(the first Sentinel names the master) {
  ask();
  CAF_REQUIRE_EQUAL(owner.masters.size(), 1u);
  auto& master = owner.masters[0];
  CAF_CHECK_EQUAL(master.host, "10.0.0.1");
  CAF_CHECK_EQUAL(master.port, "6380");
  CAF_CHECK_EQUAL(master.role, "master");
  CAF_CHECK(master.sentinels.empty());
  CAF_MESSAGE("for which user and password and database are");
  CAF_CHECK_EQUAL(master.user, "joe");
  CAF_CHECK_EQUAL(master.password, "pw");
  CAF_CHECK_EQUAL(master.db, "3");
  CAF_REQUIRE_EQUAL(first.peers.size(), 1u);
  CAF_CHECK_EQUAL(first.peers[0]->login, (std::vector<command>{{"ROLE"}}));
  CAF_CHECK_EQUAL(
    first.peers[0]->received,
    (std::vector<command>{{"SENTINEL", "get-master-addr-by-name", "m"}}));
  CAF_CHECK(second.peers.empty());
}

CAF_TEST(is asked again on the connection that is open) {
  ask();
  answer_master(first, array_of({"10.0.0.2", "6380"}));
  ask();
  CAF_CHECK_EQUAL(owner.masters.back().host, "10.0.0.2");
  CAF_CHECK_EQUAL(first.peers.size(), 1u);
  CAF_CHECK_EQUAL(first.peers[0]->received.size(), 2u);
}

CAF_TEST(one question is under way at a time) {
  answer_master(first, "");
  aut->ask();
  aut->ask();
  run_until([this] {
    return !first.peers.empty() && !first.peers[0]->received.empty();
  });
  aut->ask();
  first.peers[0]->write(array_of({"10.0.0.1", "6380"}));
  await_masters(1);
  CAF_CHECK_EQUAL(first.peers[0]->received.size(), 1u);
  answer_master(first, array_of({"10.0.0.1", "6380"}));
  ask();
  CAF_CHECK_EQUAL(first.peers[0]->received.size(), 2u);
}

CAF_TEST(a Sentinel that is not there is passed over) {
  first.stop_listening();
  ask();
  CAF_CHECK_EQUAL(owner.masters.size(), 1u);
  CAF_CHECK_EQUAL(second.peers.size(), 1u);
  CAF_CHECK(owner.reasons.empty());
}

CAF_TEST(a Sentinel that names no master is passed over) {
  for (auto answer : {"*-1\r\n", "$-1\r\n", "*1\r\n$1\r\na\r\n", ":1\r\n",
                      "-ERR No such master with that name\r\n"}) {
    CAF_MESSAGE(answer);
    start();
    owner = {};
    answer_master(first, answer);
    ask();
    CAF_CHECK_EQUAL(owner.masters.size(), 1u);
    CAF_CHECK(owner.reasons.empty());
    aut->stop();
  }
}

CAF_TEST(a server that is no Sentinel is passed over) {
  first.answer = &test::scripted_server::log_in;
  ask();
  CAF_CHECK_EQUAL(owner.masters.size(), 1u);
  CAF_CHECK(first.peers.at(0)->received.empty());
}

CAF_TEST(a Sentinel that ends is passed over) {
  ask();
  first.peers[0]->close();
  run_until([this] { return !second.peers.empty(); });
  await_masters(2);
  CAF_CHECK(owner.reasons.empty());
}

CAF_TEST(when none names the master the last says why) {
  answer_master(first, "*-1\r\n");
  answer_master(second, "-ERR No such master with that name\r\n");
  ask();
  CAF_CHECK_EQUAL(owner.reasons, test::texts{reason_of(second)
                                             + "ERR No such master with that "
                                               "name"});
  CAF_CHECK(owner.masters.empty());
}

CAF_TEST(an unknown master is called by its name) {
  url.sentinels.resize(1);
  start();
  answer_master(first, "*-1\r\n");
  ask();
  CAF_CHECK_EQUAL(owner.reasons,
                  test::texts{reason_of(first) + "no master is called m"});
}

CAF_TEST(all are asked again after none has named the master) {
  answer_master(first, "*-1\r\n");
  answer_master(second, "*-1\r\n");
  ask();
  CAF_CHECK_EQUAL(owner.reasons.size(), 1u);
  ask();
  CAF_CHECK_EQUAL(owner.reasons.size(), 2u);
  CAF_CHECK_EQUAL(first.peers.size(), 2u);
  CAF_CHECK_EQUAL(second.peers.size(), 2u);
  CAF_MESSAGE("and one may know it then");
  answer_master(second, array_of({"10.0.0.1", "6380"}));
  ask();
  CAF_CHECK_EQUAL(owner.masters.size(), 1u);
}

CAF_TEST(a Sentinel that is distrusted is not asked next) {
  ask();
  aut->distrust();
  run_until([this] { return first.peers[0]->closed; });
  ask();
  CAF_CHECK_EQUAL(second.peers.size(), 1u);
  CAF_CHECK_EQUAL(first.peers.size(), 1u);
  CAF_MESSAGE("but after the others");
  aut->distrust();
  ask();
  CAF_CHECK_EQUAL(first.peers.size(), 2u);
}

CAF_TEST(a reply that nobody asked for is a failure) {
  ask();
  first.peers[0]->write("+OK\r\n");
  await_masters(2);
  CAF_CHECK_EQUAL(second.peers.size(), 1u);
}

CAF_TEST(nothing is told once it has stopped) {
  answer_master(first, "");
  aut->ask();
  run_until([this] {
    return !first.peers.empty() && !first.peers[0]->received.empty();
  });
  first.peers[0]->write(array_of({"10.0.0.1", "6380"}));
  aut->stop();
  run_until([this] { return first.peers[0]->closed; });
  CAF_CHECK(owner.masters.empty());
  CAF_CHECK(owner.reasons.empty());
  CAF_CHECK(second.peers.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace sentinels_suite
