#define CAF_SUITE slots_query

#include "redis/slots_query.hpp"

#include <deque>

#include "test/redis/scripted_server.hpp"

namespace slots_query_suite {

using namespace waybill;
using namespace waybill::redis;

namespace {

struct slots_query_fixture {
  slots_query_fixture()
      : aut(std::make_shared<slots_query>(
        io, server_url{}, [this](const endpoint& source, const reply& x) {
          seen.push_back(source.port + ' '
                         + (x.type == reply::kind::error
                              ? x.text
                              : std::to_string(x.items.size())));
        })) {
    // nop
  }

  ~slots_query_fixture() {
    aut->stop();
    io.restart();
    io.poll();
  }

  /// Adds a server that replies to CLUSTER SLOTS; with nothing if that is
  /// empty.
  endpoint add_server(std::string reply) {
    auto& server = servers.emplace_back(io);
    server.answer = [reply](const command& x) {
      return x[0] == "CLUSTER" ? reply : test::scripted_server::log_in(x);
    };
    return {"127.0.0.1", server.url().port};
  }

  void await_reply() {
    test::run_until(io, [this] { return !seen.empty(); });
  }

  boost::asio::io_context io;
  std::deque<test::scripted_server> servers;
  std::vector<std::string> seen;
  std::shared_ptr<slots_query> aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(slots_query_tests, slots_query_fixture)

CAF_TEST(the first server that replies is enough) {
  auto one = add_server("*0\r\n");
  aut->ask({one, add_server("*0\r\n")});
  await_reply();
  CAF_CHECK(seen == std::vector<std::string>{one.port + " 0"});
  // No connection is left.
  test::run_until(io, [&] { return servers[0].peers[0]->closed; });
  CAF_CHECK(servers[1].peers.empty());
}

CAF_TEST(a server that cannot answer is passed over) {
  auto gone = add_server("");
  servers[0].stop_listening();
  auto refusing = add_server("-ERR This instance has cluster support "
                             "disabled\r\n");
  auto silent = add_server("");
  auto good = add_server("*0\r\n");
  aut->ask({gone, refusing, silent, good});
  await_reply();
  CAF_CHECK(seen == std::vector<std::string>{good.port + " 0"});
}

CAF_TEST(the error of the last server is the reply) {
  auto one = add_server("-ERR one\r\n");
  auto two = add_server("-ERR two\r\n");
  aut->ask({one, two});
  await_reply();
  CAF_CHECK(seen == std::vector<std::string>{two.port + " ERR two"});
}

CAF_TEST(a question is not asked twice at a time) {
  auto one = add_server("*0\r\n");
  aut->ask({one});
  aut->ask({one});
  await_reply();
  CAF_CHECK_EQUAL(servers[0].peers.size(), 1u);
  aut->ask({one});
  test::run_until(io, [this] { return seen.size() == 2; });
}

CAF_TEST(nothing is replied once it has stopped) {
  auto one = add_server("*0\r\n");
  aut->ask({one});
  aut->stop();
  test::run_until(io, [&] {
    return servers[0].peers.empty() || servers[0].peers[0]->closed;
  });
  aut->ask({one});
  CAF_CHECK(seen.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace slots_query_suite
