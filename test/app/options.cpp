#define CAF_SUITE options

#include "app/options/options.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <caf/test/dsl.hpp>

namespace options_suite {

using namespace waybill;
using namespace waybill::app;
using namespace std::chrono_literals;

namespace {

struct options_fixture {
  ~options_fixture() {
    for (auto& name : variables)
      unsetenv(name.c_str());
    std::remove(file.c_str());
  }

  void set(const std::string& name, const std::string& value) {
    variables.push_back(name);
    setenv(name.c_str(), value.c_str(), 1);
  }

  void write(const std::string& text) { std::ofstream{file} << text; }

  options parse(std::vector<std::string> arguments) {
    auto result = parse_options(std::move(arguments));
    CAF_REQUIRE(std::holds_alternative<options>(result));
    return std::get<options>(std::move(result));
  }

  int code(std::vector<std::string> arguments) {
    auto result = parse_options(std::move(arguments));
    return std::holds_alternative<int>(result) ? std::get<int>(result) : -1;
  }

  std::vector<std::string> variables;
  std::string file = "/tmp/waybill-options-" + std::to_string(getpid());
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(options_tests, options_fixture)

CAF_TEST(without options a node is alone on the loopback) {
  auto x = parse({});
  CAF_REQUIRE_EQUAL(x.listen.size(), 1u);
  CAF_CHECK_EQUAL(x.listen[0].port, "8080");
  CAF_CHECK(x.listen[0].is_loopback());
  CAF_CHECK(x.redis.empty());
  CAF_CHECK_EQUAL(x.greeting, "连接成功!");
  CAF_CHECK_EQUAL(x.connections.max_body, 256u * 1024);
  CAF_CHECK_EQUAL(x.connections.websocket.max_message, 64u * 1024);
  CAF_CHECK(x.connections.websocket.idle_timeout == 60s);
  CAF_CHECK(x.connections.events_lifetime == 5min);
}

CAF_TEST(an argument beats a variable and a variable the file) {
  write("greeting = \"file\"\ndrain = \"7s\"\nnode = \"file\"\n"
        "listen = [\"127.0.0.1:1\", \"127.0.0.1:2\"]\n");
  set("WAYBILL_GREETING", "variable");
  set("WAYBILL_NODE", "variable");
  auto x = parse({"--config", file, "--node", "argument"});
  CAF_CHECK_EQUAL(x.node, "argument");
  CAF_CHECK_EQUAL(x.greeting, "variable");
  CAF_CHECK(x.drain == 7s);
  CAF_CHECK_EQUAL(x.listen.size(), 2u);
  CAF_MESSAGE("a list is replaced, not added to");
  set("WAYBILL_LISTEN", "127.0.0.1:3");
  CAF_CHECK_EQUAL(parse({"--config", file}).listen.size(), 1u);
}

CAF_TEST(options are read as what they stand for) {
  auto x = parse({"--listen",
                  "127.0.0.1:0",
                  "--listen=[::1]:81",
                  "--redis",
                  "redis://u:p@h:1/2",
                  "--same-id",
                  "newest-per-node",
                  "--upstream",
                  "echo",
                  "--max-queue",
                  "1MiB",
                  "--idle-timeout",
                  "500ms",
                  "--log-format",
                  "json",
                  "--compression",
                  "--events-lifetime",
                  "2m",
                  "--heartbeat",
                  "ping=pong",
                  "--heartbeat",
                  "a=b=c"});
  CAF_CHECK_EQUAL(x.listen.size(), 2u);
  CAF_CHECK_EQUAL(x.listen[1].host, "::1");
  CAF_REQUIRE_EQUAL(x.redis.size(), 1u);
  CAF_CHECK_EQUAL(x.redis[0].host, "h");
  CAF_CHECK(x.same_id == same_id::newest_per_node);
  CAF_CHECK(x.upstream == upstream::echo);
  CAF_CHECK_EQUAL(x.max_queue, 1u << 20);
  CAF_CHECK(x.connections.websocket.idle_timeout == 500ms);
  CAF_CHECK(x.connections.websocket.compression);
  CAF_CHECK(x.connections.events_lifetime == 2min);
  CAF_REQUIRE_EQUAL(x.heartbeats.size(), 2u);
  CAF_CHECK_EQUAL(x.heartbeats[0].answer, "pong");
  CAF_CHECK_EQUAL(x.heartbeats[1].text, "a");
  CAF_CHECK_EQUAL(x.heartbeats[1].answer, "b=c");
  CAF_CHECK(x.log_json);
}

CAF_TEST(a push is never larger than the queue of a client) {
  CAF_CHECK_EQUAL(parse({"--max-queue", "1000"}).connections.max_body, 1000u);
}

CAF_TEST(each event loop opens a thousand sessions a second) {
  CAF_CHECK_EQUAL(parse({"--threads", "3"}).limits.sessions.per_second, 3000u);
  for (size_t limit : {0, 100})
    CAF_CHECK_EQUAL(
      parse({"--threads=3", "--max-upgrade-rate", std::to_string(limit)})
        .limits.sessions.per_second,
      limit);
}

CAF_TEST(what is wrong ends with exit code 2) {
  CAF_CHECK_EQUAL(code({"--help"}), 0);
  write("nonsense = 1\n");
  CAF_CHECK_EQUAL(code({"--config", file}), 2);
  CAF_CHECK_EQUAL(code({"--config", "/nonexistent"}), 2);
  for (auto bad : {"--nonsense", "--listen=8080", "--listen=localhost:99999",
                   "--listen=0.0.0.0:80", "--redis=localhost", "--same-id=x",
                   "--upstream=redis", "--drain=10", "--threads=0",
                   "--node=a/b", "--node=a}b", "--log-level=loud",
                   "--max-body=-1", "--redis-prefix={a}", "--redis-prefix=a}",
                   "--redis=redis://h:0", "--redis=redis+cluster://h/0"})
    CAF_CHECK_EQUAL(code({bad}), 2);
  CAF_CHECK_EQUAL(code({"--listen=0.0.0.0:80", "--insecure"}), -1);
}

CAF_TEST(all errors of a file are reported with their lines) {
  write(
    "gretting = \"hi\"\n\ndrain = 10\nlisten = [\"127.0.0.1:1\",\n\"x\"]\n");
  std::ostringstream errors;
  parse_options({"--config", file}, errors);
  CAF_CHECK_EQUAL(errors.str(),
                  "waybill: " + file
                    + ":1: unknown option gretting; did you mean greeting?\n"
                      "waybill: "
                    + file
                    + ":3: drain: write a duration such as 5s, 500ms or 10m, "
                      "not '10'\nwaybill: "
                    + file
                    + ":5: listen: write host:port or unix:/path, not 'x'\n");
}

CAF_TEST(all combinations that are wrong are reported) {
  std::ostringstream errors;
  parse_options({"--node=a/b", "--tls-cert=x", "--auth=jwt"}, errors);
  CAF_CHECK_EQUAL(errors.str(), "waybill: give both --tls-cert and --tls-key\n"
                                "waybill: --auth jwt needs --jwt-key-file\n"
                                "waybill: --node must be a name without "
                                "slashes\n");
}

CAF_TEST(the reason for which a file cannot be read is reported) {
  std::ostringstream errors;
  parse_options({"--config", file}, errors);
  CAF_CHECK_EQUAL(errors.str(), "waybill: --config " + file
                                  + " cannot be read: No such file or "
                                    "directory\n");
}

CAF_TEST(several servers are a Redis Cluster) {
  std::ostringstream errors;
  auto several
    = parse_options({"--redis=redis://h", "--redis=redis://i"}, errors);
  CAF_REQUIRE(std::holds_alternative<int>(several));
  CAF_CHECK_EQUAL(std::get<int>(several), 2);
  CAF_CHECK(errors.str().find("redis+cluster://") != std::string::npos);
  auto x = parse({"--redis=rediss+cluster://h:1,i:2"});
  CAF_REQUIRE_EQUAL(x.redis.size(), 1u);
  CAF_REQUIRE_EQUAL(x.redis[0].seeds.size(), 2u);
  for (auto& seed : x.redis[0].seeds)
    CAF_CHECK(seed.trust);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace options_suite
