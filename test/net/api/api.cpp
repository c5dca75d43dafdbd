#define CAF_SUITE api

#include "net/api/api.hpp"

#include <algorithm>

#include "test/net/api/fixture.hpp"

namespace api_suite {

using namespace waybill;
using namespace waybill::net;
using namespace std::chrono_literals;
using namespace std::string_literals;
using json = waybill::net::json;

namespace {

/// An address of a client, and one that differs in its last byte.
const auto peer = peer_address::parse("192.0.2.1:80").value();
const auto other_peer = peer_address::parse("192.0.2.2:80").value();

struct api_tests_fixture : test::api_fixture {
  void ask(api_call call) {
    handle(*context, std::move(call), keep());
    turn();
  }

  void get(const std::string& text) { ask(make(http::verb::get, text)); }

  std::string ask_for(const std::string& text) {
    get(text);
    return print(answer());
  }

  /// Pushes, and returns how the pusher is refused; empty if it is not.
  std::string push(const peer_address& from, const std::string& key = "",
                   const std::string& text = "/socket/456",
                   const std::string& body = "hello") {
    auto request = make(http::verb::post, text, body);
    request.client = from;
    request.allowed.pusher = key;
    ask(std::move(request));
    return answers.empty() ? "" : print(answer());
  }

  /// Lets each pusher make so many pushes a second.
  void limit_pushes(uint64_t rate) {
    node_limits limits;
    limits.max_push_rate = rate;
    start(limits);
    context->limits_pushes = true;
  }

  /// Asks for a place, and returns how that is refused; empty if it is not.
  std::string enter(const std::string& id, const peer_address& from = peer) {
    auto request = make(http::verb::get, "/websocket/" + id);
    request.client = from;
    std::string result = "unanswered";
    admit(*context, request, [&](std::variant<session_slot_ptr, response> x) {
      if (auto slot = std::get_if<session_slot_ptr>(&x)) {
        CAF_CHECK_EQUAL((*slot)->id(), id);
        slots.push_back(*slot);
        result = "";
      } else {
        result = print(std::get<response>(x));
      }
    });
    turn();
    return result;
  }

  void drain() {
    self->send(entrance, drain_atom_v);
    turn();
  }

  std::vector<session_slot_ptr> slots;
};

constexpr auto line = "{\"to\":\"1\",\"message\":\"a\"}\n";

} // namespace

CAF_TEST_FIXTURE_SCOPE(api_tests, api_tests_fixture)

CAF_TEST(a node lives whatever its bus does) {
  bus_state_of().status = {};
  drain();
  CAF_CHECK_EQUAL(ask_for("/livez"), R"(200 {"status":"live"})");
}

CAF_TEST(a node is ready if it takes pushes and sessions) {
  CAF_CHECK_EQUAL(ask_for("/readyz"), R"(200 {"status":"ready"})");
  bus_state_of().status = {bus_state::ready, true, false, "OOM no memory"};
  CAF_CHECK_EQUAL(ask_for("/readyz"),
                  R"(200 {"status":"ready","impaired":"OOM no memory"})");
  bus_state_of().status = {bus_state::ready, false, true, ""};
  CAF_CHECK_EQUAL(ask_for("/readyz"), "503 bus_away");
  bus_state_of().status = {bus_state::away, true, true, "LOADING"};
  get("/readyz");
  auto refused = answer();
  CAF_CHECK_EQUAL(print(refused), "503 bus_away");
  CAF_CHECK_EQUAL(refused.body["message"],
                  json("Redis cannot do this now; try again: LOADING"));
}

CAF_TEST(a node that stops is not ready but answers all else) {
  drain();
  CAF_CHECK_EQUAL(ask_for("/readyz"), "503 stopping");
  CAF_CHECK_EQUAL(push(peer), "");
  publish_to(1);
  CAF_CHECK_EQUAL(answer().status, http::status::ok);
}

CAF_TEST(figures come with the node and its version and bus) {
  context->version = "1.2.3";
  get("/stats");
  auto shown = answer().body;
  CAF_CHECK_EQUAL(shown["node"], json("node"));
  CAF_CHECK_EQUAL(shown["version"], json("1.2.3"));
  CAF_CHECK_EQUAL(shown["bus"], json("ready"));
  CAF_CHECK_EQUAL(shown["sessions"], json(0));
  CAF_CHECK(!shown.contains("impaired"));
  bus_state_of().status = {bus_state::away, false, false, "LOADING"};
  get("/stats?cluster=0");
  shown = answer().body;
  CAF_CHECK_EQUAL(shown["bus"], json("away"));
  CAF_CHECK_EQUAL(shown["impaired"], json("LOADING"));
}

CAF_TEST(figures of the cluster are asked of all nodes) {
  get("/stats?cluster=1");
  CAF_CHECK(last_query().type == query::kind::metrics);
  reach_nodes(0);
  CAF_CHECK_EQUAL(print(answer()), R"(200 {"nodes":[],"unknown":0})");
}

CAF_TEST(metrics are a text) {
  get("/metrics");
  auto shown = answer();
  CAF_CHECK_EQUAL(shown.status, http::status::ok);
  CAF_REQUIRE(shown.body.is_string());
  CAF_CHECK(shown.body.get<std::string>().find("\nwaybill_ready 1\n")
            != std::string::npos);
}

CAF_TEST(a file of the console is served with its type and to no frame) {
  context->console
    = std::make_shared<static_files::element_type>(static_files::element_type{
      {"", {"text/html", "<p>"}}, {"a.js", {"text/javascript", "a()"}}});
  for (auto [text, type, body] :
       {std::tuple{"/console", "text/html; charset=utf-8", "<p>"},
        {"/console/a.js", "text/javascript; charset=utf-8", "a()"}}) {
    get(text);
    auto shown = answer();
    CAF_CHECK_EQUAL(shown.status, http::status::ok);
    CAF_CHECK_EQUAL(shown.body, json(body));
    std::map<http::field, std::string> fields{shown.fields.begin(),
                                              shown.fields.end()};
    CAF_CHECK_EQUAL(fields[http::field::content_type], type);
    CAF_CHECK_EQUAL(fields[http::field::x_frame_options], "DENY");
    CAF_CHECK_EQUAL(fields[http::field::cache_control], "no-cache");
  }
  for (auto text : {"/console/b.js", "/console/..", "/console/A.js"})
    CAF_CHECK_EQUAL(ask_for(text), "404 no_such_path");
}

CAF_TEST(a page of another allowed origin may import a file) {
  context->console = std::make_shared<static_files::element_type>(
    static_files::element_type{{"a.js", {"text/javascript", "a()"}}});
  auto request = make(http::verb::get, "/console/a.js");
  request.allowed.origin = "https://a.example";
  ask(request);
  auto fields = answer().fields;
  CAF_CHECK(std::find(fields.begin(), fields.end(),
                      std::pair{http::field::access_control_allow_origin,
                                "https://a.example"s})
            != fields.end());
}

CAF_TEST(a node without a console has no page) {
  CAF_CHECK_EQUAL(ask_for("/console"), "404 no_such_path");
}

CAF_TEST(a request goes where its path and method say) {
  for (auto [method, text, seen] :
       {std::tuple{http::verb::post, "/socket/456", "publish id:456"},
        {http::verb::post, "/topic/news", "publish topic:news"},
        {http::verb::post, "/broadcast", "publish all"},
        {http::verb::delete_, "/socket/456", "kick id:456"},
        {http::verb::get, "/socket/456", "presence id:456"},
        {http::verb::head, "/socket/456", "presence id:456"},
        {http::verb::get, "/trace/456", "ask nodes for trace"}}) {
    ask(make(method, text));
    CAF_CHECK_EQUAL(bus_state_of().seen.back(), seen);
  }
  CAF_CHECK_EQUAL(bus_state_of().pushes.size(), 3u);
  ask(make(http::verb::post, "/push", line));
  CAF_CHECK_EQUAL(bus_state_of().seen.back(), "publish id:1");
}

CAF_TEST(a pusher that is too fast is told when to push again) {
  limit_pushes(2);
  for (int i = 0; i < 2; ++i)
    CAF_CHECK_EQUAL(push(peer), "");
  auto request = make(http::verb::post, "/socket/456", "hello");
  request.client = peer;
  ask(request);
  auto refused = answer();
  CAF_CHECK_EQUAL(print(refused), "429 too_many_pushes");
  CAF_REQUIRE_EQUAL(refused.fields.size(), 1u);
  CAF_CHECK(refused.fields[0].first == http::field::retry_after);
  CAF_CHECK_EQUAL(refused.fields[0].second, "1");
  CAF_MESSAGE("and nothing is sent");
  CAF_CHECK_EQUAL(bus_state_of().pushes.size(), 2u);
  pass(500ms);
  CAF_CHECK_EQUAL(push(peer), "");
}

CAF_TEST(pushers are told apart by their keys or else by their addresses) {
  limit_pushes(1);
  CAF_CHECK_EQUAL(push(peer), "");
  CAF_CHECK_EQUAL(push(peer_address::parse("192.0.2.1:81").value()),
                  "429 too_many_pushes");
  CAF_CHECK_EQUAL(push(other_peer), "");
  CAF_CHECK_EQUAL(push(peer, "shop"), "");
  CAF_CHECK_EQUAL(push(other_peer, "shop"), "429 too_many_pushes");
  CAF_CHECK_EQUAL(push(other_peer, "blog"), "");
  CAF_MESSAGE("a key is not an address whatever it is called");
  CAF_CHECK_EQUAL(push(other_peer, "192.0.2.1"), "");
  CAF_MESSAGE("and a network of IPv6 is one client");
  CAF_CHECK_EQUAL(push(peer_address::parse("2001:db8::1").value()), "");
  CAF_CHECK_EQUAL(push(peer_address::parse("2001:db8::2").value()),
                  "429 too_many_pushes");
  CAF_CHECK_EQUAL(push(peer_address::parse("2001:db8:0:1::1").value()), "");
}

CAF_TEST(each line of a batch is a push and nothing but a push is one) {
  limit_pushes(3);
  const auto two = std::string{line} + "\n\n" + line;
  CAF_CHECK_EQUAL(push(peer, "", "/push", two), "");
  CAF_CHECK_EQUAL(push(peer, "", "/push", two), "429 too_many_pushes");
  for (int i = 0; i < 5; ++i) {
    auto request = make(http::verb::get, "/socket/456");
    request.client = peer;
    ask(request);
    CAF_CHECK_EQUAL(answer().status, http::status::ok);
    request = make(http::verb::delete_, "/socket/456");
    request.client = peer;
    ask(request);
    CAF_CHECK(answers.empty());
    CAF_CHECK_EQUAL(push(peer, "", "/push", "\n"), "200 []");
  }
  CAF_CHECK_EQUAL(push(peer), "");
  CAF_CHECK_EQUAL(push(peer), "429 too_many_pushes");
}

CAF_TEST(a node without a limit does not count pushes) {
  for (int i = 0; i < 100; ++i)
    CAF_CHECK_EQUAL(push(peer), "");
  CAF_CHECK_EQUAL(bus_state_of().pushes.size(), 100u);
}

CAF_TEST(a client gets a place until it gives it back) {
  node_limits limits;
  limits.sessions = {2, 1, 0};
  start(limits);
  CAF_CHECK_EQUAL(enter("456"), "");
  CAF_CHECK_EQUAL(enter("456"), "429 too_many_sessions");
  CAF_CHECK_EQUAL(enter("457"), "");
  CAF_CHECK_EQUAL(enter("458"), "503 node_full");
  slots.clear();
  turn();
  CAF_CHECK_EQUAL(enter("456"), "");
}

CAF_TEST(a peer has so many places whatever the ids are) {
  node_limits limits;
  limits.sessions = {0, 0, 1};
  start(limits);
  CAF_CHECK_EQUAL(enter("456"), "");
  CAF_CHECK_EQUAL(enter("457", peer_address::parse("192.0.2.1:81").value()),
                  "429 too_many_sessions");
  CAF_CHECK_EQUAL(enter("457", other_peer), "");
}

CAF_TEST(a client that the bus cannot serve leaves its place to others) {
  node_limits limits;
  limits.sessions = {1, 0, 0};
  start(limits);
  for (auto status : {bus_status{bus_state::away, true, true, "LOADING"},
                      bus_status{bus_state::ready, false, true, "LOADING"}}) {
    bus_state_of().status = status;
    CAF_CHECK_EQUAL(enter("456"), "503 bus_away");
  }
  bus_state_of().status = {bus_state::ready, true, false, "OOM"};
  CAF_CHECK_EQUAL(enter("457"), "");
}

CAF_TEST(a client that is let in is counted by what brings it) {
  auto count = [this](const std::string& target) {
    admit(*context, make(http::verb::get, target), [&](auto) {});
    turn();
    std::vector<uint64_t> result;
    context->actors.stats([&](const metrics& x) {
      using enum metric;
      result = {x[first_joins], x[reconnect_joins], x[fallback_joins]};
    });
    turn();
    return result;
  };
  using numbers = std::vector<uint64_t>;
  CAF_CHECK_EQUAL(count("/websocket/456?via=first"), (numbers{1, 0, 0}));
  CAF_CHECK_EQUAL(count("/websocket/456?via=reconnect"), (numbers{1, 1, 0}));
  CAF_CHECK_EQUAL(count("/events/456?via=fallback"), (numbers{1, 1, 1}));
  CAF_CHECK_EQUAL(count("/events/456?via=x"), (numbers{1, 1, 1}));
  bus_state_of().status = {};
  CAF_CHECK_EQUAL(count("/events/456?via=first"), (numbers{1, 1, 1}));
}

CAF_TEST(a node that stops lets nobody in) {
  drain();
  CAF_CHECK_EQUAL(enter("456"), "503 stopping");
}

CAF_TEST(only sessions that are opened count for the upgrade rate) {
  node_limits limits;
  limits.sessions.in_total = 1;
  start(limits);
  auto may_open = [this] {
    return !context->upgrades.check(std::chrono::steady_clock::now());
  };
  context->upgrades = upgrade_limiter{0.001};
  bus_state_of().status = {bus_state::away, true, true, "LOADING"};
  CAF_CHECK_EQUAL(enter("456"), "503 bus_away");
  CAF_CHECK(may_open());
  bus_state_of().status = {bus_state::ready, true, true, ""};
  CAF_CHECK_EQUAL(enter("456"), "");
  CAF_CHECK(!may_open());
  context->upgrades = upgrade_limiter{0.001};
  CAF_CHECK_EQUAL(enter("457"), "503 node_full");
  CAF_CHECK(may_open());
}

CAF_TEST(a session past the upgrade rate is told when to come back) {
  auto request = make(http::verb::get, "/websocket/456");
  request.retry = 7201ms;
  admit(*context, request, [](std::variant<session_slot_ptr, response> x) {
    auto& refused = std::get<response>(x);
    CAF_CHECK_EQUAL(print(refused), "503 too_many_upgrades");
    CAF_CHECK_EQUAL(refused.body["retry"].dump(), "7.3");
    CAF_CHECK(refused.fields.at(0).first == http::field::retry_after);
    CAF_CHECK_EQUAL(refused.fields.at(0).second, "8");
    CAF_CHECK(refused.counted == metric::over_max_upgrade_rate);
  });
  request = make(http::verb::get, "/events/456");
  request.retry = 7201ms;
  admit(*context, request,
        [&](const std::variant<session_slot_ptr, response>& x) {
          auto text = net::serialize(std::get<response>(x), request, {});
          CAF_CHECK(text.starts_with("HTTP/1.1 200 OK"));
          CAF_CHECK(text.ends_with("\nretry: 7201\n\n"));
        });
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace api_suite
