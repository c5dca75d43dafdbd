#define CAF_SUITE http_connection

#include "test/net/connection_fixture.hpp"

namespace http_connection_suite {

using namespace waybill;
using namespace waybill::net;
using boost::beast::test::fail_count;
using test::connection_fixture;
using test::upgrade;
using namespace std::string_literals;

namespace {

const std::string probe = "GET /livez HTTP/1.1\r\nHost: h\r\n\r\n";

std::string post(const std::string& body) {
  return "POST /socket/456 HTTP/1.1\r\nHost: h\r\nContent-Length: "
         + std::to_string(body.size()) + "\r\n\r\n" + body;
}

size_t count(std::string_view text, std::string_view part) {
  size_t result = 0;
  for (auto i = text.find(part); i != text.npos; i = text.find(part, i + 1))
    ++result;
  return result;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(http_connection_tests, connection_fixture)

CAF_TEST(answers requests one after the other on one connection) {
  connect();
  CAF_CHECK(ask(probe).starts_with("HTTP/1.1 200 OK\r\n"));
  CAF_CHECK(ask(post("a")).starts_with("HTTP/1.1 404 Not Found\r\n"));
  CAF_CHECK(!is_closed());
}

CAF_TEST(answers pipelined requests in order) {
  connect();
  auto answers
    = ask(probe + post("a") + probe + "GET /no HTTP/1.1\r\nHost: h\r\n\r\n");
  CAF_CHECK_EQUAL(count(answers, "HTTP/1.1 200 OK"), 2u);
  CAF_CHECK_EQUAL(count(answers, "HTTP/1.1 404 Not Found"), 2u);
  CAF_CHECK(answers.find("200 OK") < answers.find("\"nobody\""));
  CAF_CHECK(answers.rfind("200 OK") < answers.find("\"no_such_path\""));
}

CAF_TEST(skips blank lines around requests) {
  connect();
  auto answers = ask("\r\n" + post("a") + "\r\n\r\n" + probe + "\r");
  CAF_CHECK_EQUAL(count(answers, "HTTP/1.1 404 Not Found"), 1u);
  CAF_CHECK_EQUAL(count(answers, "HTTP/1.1 200 OK"), 1u);
  CAF_CHECK(ask("\n" + probe).starts_with("HTTP/1.1 200 OK"));
  CAF_CHECK(ask("\n" + probe).starts_with("HTTP/1.1 400"));
}

CAF_TEST(takes the lists of a handshake in several lines) {
  connect();
  auto in_lines = upgrade;
  in_lines.replace(in_lines.find("Connection: Upgrade"), 19,
                   "Connection: keep-alive\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Protocol: chat\r\n"
                   "Sec-WebSocket-Protocol: waybill");
  auto answer = ask(in_lines);
  CAF_CHECK(answer.starts_with("HTTP/1.1 101"));
  CAF_CHECK(answer.find("Sec-WebSocket-Protocol: waybill\r\n")
            != std::string::npos);
}

CAF_TEST(the response to an unknown path names the right one) {
  for (auto [path, right] : {std::pair{"/websocket/456/", "/websocket/{id}"},
                             {"/websockets/456", "/websocket/{id}"},
                             {"/ws/456", "/websocket/{id}"},
                             {"/WebSocket/456", "/websocket/{id}"},
                             {"/Socket/456", "/socket/{id}"},
                             {"/sockets/456", "/socket/{id}"},
                             {"/socket/456/", "without a slash at the end"},
                             {"/topics/x", "/topic/{name}"},
                             {"/healthz", "/readyz"},
                             {"/stats/", "without a slash at the end"},
                             {"/x", "/websocket/{id}"}}) {
    connect();
    auto answer
      = ask("GET " + std::string{path} + " HTTP/1.1\r\nHost: h\r\n\r\n");
    CAF_CHECK(answer.starts_with("HTTP/1.1 404"));
    CAF_CHECK(answer.find(right) != std::string::npos);
  }
}

CAF_TEST(takes a request byte by byte) {
  connect();
  std::string answer;
  for (char c : post("hello"))
    answer += ask({&c, 1});
  CAF_CHECK_EQUAL(count(answer, "HTTP/1.1 404 Not Found"), 1u);
}

CAF_TEST(takes a body in chunks) {
  connect();
  CAF_CHECK(ask("POST /socket/456 HTTP/1.1\r\nHost: h\r\n"
                "Transfer-Encoding: chunked\r\n\r\n"
                "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
              .starts_with("HTTP/1.1 404"));
}

CAF_TEST(asks for a body that the client defers) {
  connect();
  auto head = "POST /socket/456 HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
              "Content-Length: 1\r\n\r\n";
  CAF_CHECK_EQUAL(ask(head), "HTTP/1.1 100 Continue\r\n\r\n");
  CAF_CHECK(ask("a").starts_with("HTTP/1.1 404"));
}

CAF_TEST(HEAD is answered as GET without the body) {
  connect();
  auto answer = ask("HEAD /livez HTTP/1.1\r\nHost: h\r\n\r\n");
  CAF_CHECK(answer.find("Content-Length: 18\r\n") != answer.npos);
  CAF_CHECK(answer.ends_with("\r\n\r\n"));
}

CAF_TEST(refuses a body that is too large before it comes) {
  context->config.max_body = 4;
  connect();
  CAF_CHECK(ask("POST /socket/456 HTTP/1.1\r\nHost: h\r\n"
                "Content-Length: 5\r\n\r\n")
              .starts_with("HTTP/1.1 413"));
  CAF_CHECK(is_closed());
  connect();
  CAF_CHECK(ask("POST /socket/456 HTTP/1.1\r\nHost: h\r\n"
                "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n")
              .starts_with("HTTP/1.1 413"));
}

CAF_TEST(refuses a body for which there is no memory before it comes) {
  context->config.max_body = 10;
  context->config.max_request_memory = 15;
  connect();
  auto head = [](const std::string& how) {
    return "POST /socket/456 HTTP/1.1\r\nHost: h\r\n" + how + "\r\n\r\n";
  };
  CAF_CHECK_EQUAL(ask(head("Content-Length: 8") + "a"), "");
  CAF_CHECK_EQUAL(context->request_memory, 8u);
  auto first = std::move(*client);
  connect();
  CAF_CHECK(ask(post("1234567")).starts_with("HTTP/1.1 404"));
  CAF_MESSAGE("a response releases the memory");
  CAF_CHECK_EQUAL(context->request_memory, 8u);
  auto answer = ask(head("Content-Length: 8"));
  CAF_CHECK(answer.starts_with("HTTP/1.1 503"));
  CAF_CHECK(answer.find("Retry-After: 1\r\n") != answer.npos);
  CAF_CHECK(is_closed());
  CAF_MESSAGE("a chunked body reserves the maximum");
  connect();
  CAF_CHECK(
    ask(head("Transfer-Encoding: chunked")).starts_with("HTTP/1.1 503"));
  CAF_MESSAGE("a disconnect releases the memory");
  first.close();
  turn();
  CAF_CHECK_EQUAL(context->request_memory, 0u);
}

CAF_TEST(bounds heads by their size and the number of their fields) {
  context->config.max_head = 100;
  context->config.max_fields = 2;
  connect();
  CAF_CHECK(ask("GET /livez HTTP/1.1\r\nHost: h\r\nA: b\r\n\r\n")
              .starts_with("HTTP/1.1 200"));
  CAF_CHECK(ask("GET /livez HTTP/1.1\r\nHost: h\r\nA: b\r\nC: d\r\n\r\n")
              .starts_with("HTTP/1.1 431"));
  connect();
  CAF_CHECK(ask("GET /livez HTTP/1.1\r\nA: " + std::string(100, 'x'))
              .starts_with("HTTP/1.1 431"));
}

CAF_TEST(ends a connection that sends no HTTP) {
  connect();
  CAF_CHECK(ask("nonsense\r\n\r\n").starts_with("HTTP/1.1 400"));
  CAF_CHECK(is_closed());
  connect();
  CAF_CHECK(ask(std::string(20'000, 'x')).starts_with("HTTP/1.1 431"));
  CAF_CHECK(is_closed());
}

CAF_TEST(a port serves the requests of its role) {
  const auto stats = "GET /stats HTTP/1.1\r\nHost: h\r\n\r\n";
  connect(nullptr, {{}, port_role::clients});
  CAF_CHECK(ask(probe).starts_with("HTTP/1.1 200"));
  CAF_CHECK(ask(stats).find("admin_port") != std::string::npos);
  CAF_CHECK(ask(post("a")).find("admin_port") != std::string::npos);
  connect(nullptr, {{}, port_role::clients});
  CAF_CHECK(ask(upgrade).starts_with("HTTP/1.1 101"));
  connect(nullptr, {{}, port_role::admins});
  CAF_CHECK(ask(probe).starts_with("HTTP/1.1 200"));
  CAF_CHECK(ask(stats).starts_with("HTTP/1.1 200"));
  CAF_CHECK(ask(upgrade).find("client_port") != std::string::npos);
}

CAF_TEST(ends each connection after its answer while it drains) {
  self->send(entrance, drain_atom_v);
  connect();
  auto answer = ask(probe);
  CAF_CHECK(answer.find("Connection: close\r\n") != answer.npos);
  CAF_CHECK(is_closed());
}

CAF_TEST(refuses sessions while it drains) {
  self->send(entrance, drain_atom_v);
  connect();
  CAF_CHECK(ask(upgrade).starts_with("HTTP/1.1 503"));
  connect();
  CAF_CHECK(
    ask("GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n").starts_with("HTTP/1.1 503"));
}

CAF_TEST(counts the requests in progress) {
  connect();
  ask(probe.substr(0, 5));
  CAF_CHECK_EQUAL(context->requests, 1u);
  bool idle = false;
  context->on_idle = [&] { idle = true; };
  ask(probe.substr(5));
  CAF_CHECK_EQUAL(context->requests, 0u);
  CAF_CHECK(idle);
}

CAF_TEST(answers a push once if its bus answers after the timeout) {
  auto bus = spawn<test::fake_bus>();
  auto registry = spawn<waybill::registry>(bus, same_id::all);
  entrance = spawn_gateway(bus, registry);
  settle();
  context = std::make_unique<server_context>(
    server_context{{deref<gateway>(entrance), "node"}, {}});
  connect();
  auto answer = ask("POST /socket/456?wait=0s HTTP/1.1\r\nHost: h\r\n"
                    "Content-Length: 1\r\n\r\na");
  CAF_CHECK(answer.starts_with("HTTP/1.1 504"));
  CAF_MESSAGE("the late outcome is ignored");
  deref<test::fake_bus>(bus).publishing.at(0).deliver(outcome{"p"});
  CAF_CHECK_EQUAL(ask(""), "");
  CAF_CHECK(ask(probe).starts_with("HTTP/1.1 200 OK\r\n"));
}

CAF_TEST(becomes a WebSocket that is greeted and pushed to) {
  connect();
  auto answer = ask(upgrade);
  CAF_CHECK(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
  CAF_CHECK(answer.ends_with("\x81\x0d连接成功!"));
  context->api.actors.publish(push_address::id("456"), {"p", make_text("aaaa")},
                              [](const caf::expected<outcome>& x) {
                                CAF_CHECK_EQUAL(unbox(x).counts.nodes, 1u);
                              });
  CAF_CHECK_EQUAL(ask(""), "\x81\x04"
                           "aaaa");
  CAF_MESSAGE("the client closes it");
  CAF_CHECK_EQUAL(ask("\x88\x82\0\0\0\0\x03\xe8"s), "\x88\x02\x03\xe8"s);
  CAF_CHECK(is_closed());
}

CAF_TEST(ends a WebSocket whose client sends too much) {
  context->config.websocket.rates = {{1, 3}, {1 << 20, 1 << 20}};
  for (auto frame : {"\x81\x81\0\0\0\0x"s, "\x89\x80\0\0\0\0"s,
                     "\x8a\x80\0\0\0\0"s, "\x01\x80\0\0\0\0"s}) {
    connect();
    ask(upgrade);
    for (int i = 0; i < 3; ++i) {
      auto answer = ask(frame);
      CAF_CHECK(answer.find("you send too much") == answer.npos);
      // Only the first fragment has an opcode.
      if (frame[0] == '\x01')
        frame[0] = '\0';
    }
    CAF_CHECK(ask(frame).find("\x88\x13\x03\xf0you send too much")
              != std::string::npos);
    ask("\x88\x82\0\0\0\0\x03\xf0"s);
  }
}

CAF_TEST(a failing operation ends only its own connection) {
  // In each round, one more operation of the socket succeeds.
  for (size_t limit = 1; limit < 20; ++limit) {
    fail_count fails{limit};
    connect(&fails);
    ask(probe + post("a"));
    ask(upgrade);
    client->close();
    turn();
    CAF_CHECK_EQUAL(context->requests, 0u);
  }
  connect();
  CAF_CHECK(ask(probe).starts_with("HTTP/1.1 200 OK\r\n"));
}

CAF_TEST(a session past the upgrade rate is refused before all else) {
  context->api.upgrades = upgrade_limiter{0.001};
  connect();
  CAF_CHECK(ask(upgrade).starts_with("HTTP/1.1 101"));
  CAF_MESSAGE("whatever its token is");
  access_policy policy;
  policy.tokens
    = token_rules{token_algorithm::hs256, {std::string(32, 's')}, "", ""};
  context->api.access = std::make_shared<const access_policy>(policy);
  connect();
  auto refused = ask(upgrade);
  CAF_CHECK(refused.starts_with("HTTP/1.1 503"));
  CAF_CHECK(refused.find("\r\nRetry-After: ") != refused.npos);
  CAF_CHECK(refused.find("\"too_many_upgrades\"") != refused.npos);
  CAF_CHECK(is_closed());
  CAF_MESSAGE("an event stream gets 200 and the time to come back");
  connect();
  auto stream = ask("GET /events/456 HTTP/1.1\r\nHost: h\r\n"
                    "Origin: http://h\r\n\r\n");
  CAF_CHECK(stream.starts_with("HTTP/1.1 200"));
  CAF_CHECK(stream.find("\nretry: ") != stream.npos);
  CAF_CHECK(stream.find("Access-Control-Allow-Origin: http://h\r\n")
            != stream.npos);
  CAF_MESSAGE("all else is answered");
  CAF_CHECK(ask(probe).starts_with("HTTP/1.1 200"));
  CAF_MESSAGE("and a node that stops says so");
  self->send(entrance, drain_atom_v);
  context->api.access = std::make_shared<const access_policy>();
  connect();
  CAF_CHECK(ask(upgrade).find("\"stopping\"") != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace http_connection_suite
