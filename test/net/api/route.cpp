#define CAF_SUITE route

#include "net/api/route.hpp"

#include <caf/test/dsl.hpp>

namespace route_suite {

using namespace waybill;
using namespace waybill::net;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

constexpr size_t max_topics = 3;

target target_of(const std::string& text) {
  auto parsed = parse_target(text, "h");
  if (!std::holds_alternative<target>(parsed))
    CAF_FAIL("not a target: " << text);
  return std::get<target>(parsed);
}

/// Routes a request with a target in origin form.
std::variant<routed_request, response> route(std::string_view method,
                                             const std::string& text,
                                             port_role port = port_role::both,
                                             std::vector<std::string> keys = {},
                                             size_t max = max_topics) {
  return net::route({http::string_to_verb(method), method, target_of(text),
                     false, std::move(keys)},
                    port, max);
}

/// Returns the status and code of a refusal; `200` if there is none.
std::string print(const std::variant<routed_request, response>& routed) {
  auto refusal = std::get_if<response>(&routed);
  if (!refusal)
    return "200";
  return std::to_string(static_cast<unsigned>(refusal->status)) + ' '
         + refusal->body["error"].get<std::string>();
}

std::string check(std::string_view method, const std::string& text,
                  port_role port = port_role::both) {
  return print(route(method, text, port));
}

/// Checks a push with these values of `Idempotency-Key`.
std::string check_keys(const std::string& text, std::vector<std::string> keys) {
  return print(route("POST", text, port_role::both, std::move(keys)));
}

/// Returns a request of which nothing is wrong.
request request_of(std::string_view method, const std::string& text) {
  auto routed = route(method, text);
  if (!std::holds_alternative<routed_request>(routed))
    CAF_FAIL(method << ' ' << text << ": " << print(routed));
  return std::get<routed_request>(routed).request;
}

template <class Request>
Request parse(std::string_view method, const std::string& text) {
  auto result = request_of(method, text);
  CAF_REQUIRE(std::holds_alternative<Request>(result));
  return std::get<Request>(result);
}

/// Returns what a path that leads nowhere is answered.
std::string hint(const std::string& text) {
  auto result = no_such_path(target_of(text));
  CAF_CHECK_EQUAL(result.status, http::status::not_found);
  return result.body["message"].get<std::string>();
}

std::string address_key(std::string_view method, const std::string& text) {
  auto found = address_of(request_of(method, text));
  return found ? found->key() : "none";
}

std::vector<std::string> topics_in(const std::string& text) {
  return parse<websocket_request>("GET", text).topics;
}

using names = std::vector<std::string>;

const std::string longest_name(256, 'a');

} // namespace

CAF_TEST(each path and method lead to a request of their own) {
  parse<websocket_request>("GET", "/websocket/456");
  parse<events_request>("GET", "/events/456");
  parse<confirm_request>("POST", "/events/456/confirm?upto=1-0");
  parse<push_request>("POST", "/socket/456");
  parse<push_request>("POST", "/topic/news");
  parse<push_request>("POST", "/broadcast");
  parse<batch_request>("POST", "/push");
  parse<kick_request>("DELETE", "/socket/456");
  parse<mailbox_request>("DELETE", "/socket/456/mailbox");
  parse<topic_request>("PUT", "/socket/456/topics/news");
  parse<topic_request>("DELETE", "/socket/456/topics/news");
  for (auto method : {"GET", "HEAD"}) {
    parse<presence_request>(method, "/socket/456");
    parse<presence_request>(method, "/topic/news");
    parse<mailbox_request>(method, "/socket/456/mailbox");
    parse<trace_request>(method, "/trace/456");
    parse<liveness_request>(method, "/livez");
    parse<readiness_request>(method, "/readyz");
    parse<stats_request>(method, "/stats");
    parse<ranking_request>(method, "/largest");
    parse<history_request>(method, "/history");
    parse<metrics_request>(method, "/metrics");
  }
}

CAF_TEST(a file of the console is named by the rest of its path) {
  CAF_CHECK_EQUAL(parse<file_request>("GET", "/console").name, "");
  CAF_CHECK_EQUAL(parse<file_request>("HEAD", "/console/console.js").name,
                  "console.js");
}

CAF_TEST(a path with more or less or other segments leads nowhere) {
  for (auto text :
       {"/websocket",     "/socket",          "/topic",
        "/trace",         "/websocket/456/",  "/websocket/a/b",
        "/socket/4/5",    "/socket/4/topics", "/socket/4/topics/5/6",
        "/topic/a/b",     "/trace/a/b",       "/broadcast/",
        "/broadcast/all", "/push/",           "/livez/",
        "/readyz/x",      "/stats/cluster",   "/metrics/",
        "/console/a/b",   "//socket/456",     "/./socket/456",
        "/Socket/456",    "/%73ocket/456",    "/sockets/456"}) {
    CAF_MESSAGE(text);
    CAF_CHECK_EQUAL(check("GET", text), "404 no_such_path");
  }
  CAF_MESSAGE("nor does an empty one");
  CAF_CHECK_EQUAL(print(net::route({http::verb::get, "GET", target{}},
                                   port_role::both, max_topics)),
                  "404 no_such_path");
}

CAF_TEST(a slash in percent encoding belongs to an id and is refused) {
  CAF_CHECK_EQUAL(check("GET", "/socket/a%2Fb"), "400 bad_id");
}

CAF_TEST(a path that leads nowhere is answered with the one that was meant) {
  for (auto text : {"/ws", "/wss/456", "/websockets/456", "/WebSocket/456"})
    CAF_CHECK_EQUAL(hint(text), "open a WebSocket at /websocket/{id}");
  for (auto text : {"/socket", "/Sockets/456", "/socket/a/b"})
    CAF_CHECK_EQUAL(hint(text), "push with POST /socket/{id}");
  for (auto text : {"/topic", "/topics/news", "/TOPIC/news"})
    CAF_CHECK_EQUAL(hint(text), "push to a topic with POST /topic/{name}");
  for (auto text : {"/batch", "/push/1", "/Pushs/1"})
    CAF_CHECK_EQUAL(hint(text), "push a batch with POST /push");
  CAF_CHECK_EQUAL(hint("/stat"), "read the counters with GET /stats");
  CAF_CHECK_EQUAL(hint("/metric"), "read the metrics with GET /metrics");
  CAF_CHECK_EQUAL(hint("/live"),
                  "check whether the node is live with GET /livez");
  for (auto text : {"/health", "/healthz", "/ready", "/Readyz"})
    CAF_CHECK_EQUAL(hint(text), "check whether the node is ready with GET "
                                "/readyz");
  CAF_MESSAGE("nothing in particular was meant");
  for (auto text : {"/", "/s", "/chat/456"})
    CAF_CHECK_EQUAL(hint(text), "open a WebSocket at /websocket/{id}, or push "
                                "with POST /socket/{id}");
  CAF_CHECK_EQUAL(no_such_path(target{}).status, http::status::not_found);
}

CAF_TEST(a slash at the end is named) {
  CAF_CHECK_EQUAL(hint("/websocket/456/"), "open a WebSocket at "
                                           "/websocket/{id}, without a slash "
                                           "at the end");
  CAF_CHECK_EQUAL(hint("/stats/"),
                  "read the counters with GET /stats, without a "
                  "slash at the end");
  CAF_CHECK_EQUAL(hint("/stats/x"), "read the counters with GET /stats");
}

CAF_TEST(the paths beside the console lead to it) {
  CAF_CHECK_EQUAL(parse<redirect_request>("GET", "/").location, "console");
  CAF_CHECK_EQUAL(parse<redirect_request>("HEAD", "/console/").location,
                  "../console");
  CAF_CHECK_EQUAL(check("POST", "/"), "405 method_not_allowed");
  CAF_MESSAGE("and a name that no file of it has is no id");
  CAF_CHECK_EQUAL(check("GET", "/console/%00"), "200");
}

CAF_TEST(a resource takes its methods and names them to those who use others) {
  constexpr std::string_view methods[]
    = {"GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS"};
  for (auto [text, allowed] :
       std::initializer_list<std::pair<const char*, std::string_view>>{
         {"/websocket/456", "GET"},
         {"/socket/456", "DELETE, GET, HEAD, POST"},
         {"/socket/456/topics/news", "DELETE, PUT"},
         {"/topic/news", "GET, HEAD, POST"},
         {"/broadcast", "POST"},
         {"/push", "POST"},
         {"/trace/456", "GET, HEAD"},
         {"/livez", "GET, HEAD"},
         {"/readyz", "GET, HEAD"},
         {"/stats", "GET, HEAD"},
         {"/metrics", "GET, HEAD"},
         {"/console", "GET, HEAD"}})
    for (auto method : methods) {
      CAF_MESSAGE(method << ' ' << text);
      auto routed = route(method, text);
      auto refusal = std::get_if<response>(&routed);
      if ((", " + std::string{allowed} + ",")
            .find(", " + std::string{method} + ",")
          != std::string::npos) {
        CAF_CHECK(!refusal);
        continue;
      }
      CAF_CHECK_EQUAL(print(routed), "405 method_not_allowed");
      CAF_REQUIRE(refusal && refusal->fields.size() == 1);
      CAF_CHECK(refusal->fields[0].first == http::field::allow);
      CAF_CHECK_EQUAL(refusal->fields[0].second, allowed);
    }
}

CAF_TEST(a method that is none is refused on every path that leads somewhere) {
  for (auto method : {"get", "Post", "BREW", "GET,HEAD"}) {
    CAF_CHECK_EQUAL(check(method, "/socket/456"), "501 no_such_method");
    CAF_CHECK_EQUAL(check(method, "/livez"), "501 no_such_method");
    CAF_CHECK_EQUAL(check(method, "/nowhere"), "404 no_such_path");
  }
}

CAF_TEST(a port for clients serves WebSockets and probes alone) {
  auto port = port_role::clients;
  for (auto text : {"/websocket/456", "/livez", "/readyz"})
    CAF_CHECK_EQUAL(check("GET", text, port), "200");
  for (auto text : {"/socket/456", "/stats", "/metrics", "/trace/456",
                    "/console", "/nowhere", "/", "/sockets/4"})
    CAF_CHECK_EQUAL(check("GET", text, port), "404 admin_port");
  for (auto text : {"/socket/456", "/topic/news", "/broadcast", "/push"})
    CAF_CHECK_EQUAL(check("POST", text, port), "404 admin_port");
  CAF_MESSAGE("but helps those who miss the path of a WebSocket");
  for (auto text : {"/ws/456", "/websocket", "/WebSockets/456"})
    CAF_CHECK_EQUAL(check("GET", text, port), "404 no_such_path");
}

CAF_TEST(a port for admins serves all but WebSockets) {
  auto port = port_role::admins;
  CAF_CHECK_EQUAL(check("GET", "/websocket/456", port), "404 client_port");
  for (auto text : {"/socket/456", "/stats", "/metrics", "/trace/456",
                    "/console", "/livez", "/readyz"})
    CAF_CHECK_EQUAL(check("GET", text, port), "200");
  for (auto text : {"/socket/456", "/topic/news", "/broadcast", "/push"})
    CAF_CHECK_EQUAL(check("POST", text, port), "200");
  CAF_CHECK_EQUAL(check("GET", "/ws/456", port), "404 no_such_path");
}

CAF_TEST(an id or the name of a topic has 1 to 256 bytes of plain text) {
  for (auto resource : {"/socket/", "/topic/"}) {
    auto check_name
      = [&](const std::string& name) { return check("POST", resource + name); };
    CAF_CHECK_EQUAL(check_name(longest_name), "200");
    CAF_CHECK_EQUAL(check_name("%e8%bf%9e"), "200");
    CAF_CHECK_EQUAL(check_name("a%20b"), "200");
    CAF_CHECK_EQUAL(check_name(longest_name + 'a'), "400 bad_id");
    for (auto bad :
         {"", "%00", "a%0A", "%1f", "%7f", "%c2%80", "%ff", "%c0%af"})
      CAF_CHECK_EQUAL(check_name(bad), "400 bad_id");
  }
  CAF_CHECK_EQUAL(check("GET", "/websocket/"), "400 bad_id");
  CAF_CHECK_EQUAL(check("GET", "/trace/%00"), "400 bad_id");
}

CAF_TEST(a client may listen to so many topics) {
  auto check_topics = [](const std::string& list) {
    return check("GET", "/websocket/456?topics=" + list);
  };
  for (auto good : {"", "a", "a,b,c", "a,b,c,", "a,a,b,b,c,c", "%e8%bf%9e"})
    CAF_CHECK_EQUAL(check_topics(good), "200");
  CAF_CHECK_EQUAL(check_topics(longest_name), "200");
  for (auto bad : {"a,b,c,d", ",", ",a", "a,,b", "a/b", "%00", "%ff"})
    CAF_CHECK_EQUAL(check_topics(bad), "400 bad_parameter");
  CAF_CHECK_EQUAL(check_topics(longest_name + 'a'), "400 bad_parameter");
  CAF_MESSAGE("or to none at all where that is the limit");
  auto without = [](const std::string& text) {
    return print(route("GET", text, port_role::both, {}, 0));
  };
  CAF_CHECK_EQUAL(without("/websocket/456"), "200");
  CAF_CHECK_EQUAL(without("/websocket/456?topics=a"), "400 bad_parameter");
}

CAF_TEST(topics are listened to once and in the order of the list) {
  CAF_CHECK_EQUAL(topics_in("/websocket/456"), names{});
  CAF_CHECK_EQUAL(topics_in("/websocket/456?topics="), names{});
  CAF_CHECK_EQUAL(topics_in("/websocket/456?topics=b,a,b,c"),
                  (names{"b", "a", "c"}));
  CAF_CHECK_EQUAL(topics_in("/websocket/456?topics=a%2Cb"), (names{"a", "b"}));
}

CAF_TEST(a client may send other parameters) {
  auto client = parse<websocket_request>("GET", "/websocket/456?token=x&v=2");
  CAF_CHECK(client.token == "x");
}

CAF_TEST(a stream has the parameters of a WebSocket) {
  auto client
    = parse<events_request>("GET", "/events/456?topics=b,a,b&token=x&v=2");
  CAF_CHECK_EQUAL(client.topics, (names{"b", "a"}));
  CAF_CHECK(client.token == "x");
  CAF_CHECK(client.address == push_address::id("456"));
  CAF_CHECK(client.position == event_position{});
  CAF_CHECK_EQUAL(check("GET", "/events/456?topics=a/b"), "400 bad_parameter");
  CAF_CHECK_EQUAL(check("GET", "/events/a%2Fb"), "400 bad_id");
}

CAF_TEST(a stream begins at the position of its client) {
  auto entry_of = [](const std::string& text, const std::string& last) {
    request_head head{http::verb::get, "GET", target_of(text)};
    head.last_event_id = last;
    auto routed = net::route(head, port_role::both, max_topics);
    if (std::holds_alternative<response>(routed))
      return print(routed);
    auto& found = std::get<routed_request>(routed).request;
    return std::get<events_request>(found).position.entry;
  };
  CAF_CHECK_EQUAL(entry_of("/events/456", ""), "");
  CAF_CHECK_EQUAL(entry_of("/events/456", "5-0"), "5-0");
  CAF_CHECK_EQUAL(entry_of("/events/456?after=4-0", ""), "4-0");
  CAF_MESSAGE("the field is newer than the URL");
  CAF_CHECK_EQUAL(entry_of("/events/456?after=4-0", "5-0"), "5-0");
  CAF_CHECK_EQUAL(entry_of("/events/456", "x"), "400 bad_parameter");
  CAF_CHECK_EQUAL(entry_of("/events/456?after=x", ""), "400 bad_parameter");
}

CAF_TEST(a confirmation has an entry) {
  auto parsed = parse<confirm_request>(
    "POST", "/events/456/confirm?upto=5-0;closed=1&token=x");
  CAF_CHECK_EQUAL(parsed.entry, "5-0");
  CAF_CHECK(parsed.token == "x");
  for (auto text : {"", "?upto=", "?upto=0", "?upto=x"})
    CAF_CHECK_EQUAL(check("POST", "/events/456/confirm"s + text),
                    "400 bad_parameter");
}

CAF_TEST(only a push to an id may be kept) {
  auto kept = parse<push_request>("POST", "/socket/456?ttl=60&receipt=written"
                                          "&wait=1s");
  CAF_CHECK(kept.options.ttl == 60s && kept.options.wait == 1s
            && kept.options.want == receipt_level::written);
  for (auto text : {"/topic/news", "/broadcast", "/push"}) {
    CAF_CHECK_EQUAL(check("POST", std::string{text} + "?receipt=written"),
                    "200");
    CAF_CHECK_EQUAL(check("POST", std::string{text} + "?ttl=60"),
                    "400 bad_parameter");
  }
  CAF_CHECK_EQUAL(check("POST", "/socket/456?detail=1"), "400 bad_parameter");
}

CAF_TEST(a key has 1 to 255 visible characters of ASCII) {
  for (auto text : {"/socket/456", "/topic/news", "/broadcast"}) {
    CAF_CHECK_EQUAL(check_keys(text, {}), "200");
    for (const auto& good :
         {std::string{"k"}, std::string{"!~\",;"}, std::string(255, 'k')})
      CAF_CHECK_EQUAL(check_keys(text, {good}), "200");
    for (const auto& bad :
         {std::string{}, std::string(256, 'k'), std::string{"a b"},
          std::string{"\x7f"}, std::string{"\xc3\xa9"}, std::string{"\t"},
          std::string(1, '\0')})
      CAF_CHECK_EQUAL(check_keys(text, {bad}), "400 bad_parameter");
    CAF_CHECK_EQUAL(check_keys(text, {"k", "k"}), "400 bad_parameter");
  }
}

CAF_TEST(a batch has no key) {
  CAF_CHECK_EQUAL(check_keys("/push", {}), "200");
  CAF_CHECK_EQUAL(check_keys("/push", {"k"}), "400 bad_parameter");
}

CAF_TEST(a question has its own parameters and no others) {
  for (auto good :
       {"/socket/456?detail=1&wait=10ms", "/socket/456?detail=0",
        "/stats?cluster=1&wait=5s", "/stats?cluster=0", "/trace/456?wait=1h"})
    for (auto method : {"GET", "HEAD"})
      CAF_CHECK_EQUAL(check(method, good), "200");
  for (auto bad :
       {"/socket/456?detail=2", "/socket/456?detail=", "/socket/456?detail",
        "/socket/456?cluster=1", "/socket/456?ttl=1", "/socket/456?Detail=1",
        "/socket/456?wait=5", "/socket/456?wait=", "/socket/456?wait=-1s",
        "/stats?detail=1", "/stats?cluster=true", "/stats?cluster=01",
        "/stats?wait=x", "/trace/456?detail=1", "/trace/456?wait=1d"}) {
    CAF_MESSAGE(bad);
    CAF_CHECK_EQUAL(check("GET", bad), "400 bad_parameter");
  }
}

CAF_TEST(a parameter of a question has a name) {
  for (auto bad :
       {"/socket/456?=1", "/stats?=1", "/trace/456?=1", "/trace/456?=0"})
    CAF_CHECK_EQUAL(check("GET", bad), "400 bad_parameter");
}

CAF_TEST(closing the sessions of an id takes a reason at most) {
  CAF_CHECK_EQUAL(parse<kick_request>("DELETE", "/socket/456").reason, "");
  auto kick = parse<kick_request>("DELETE", "/socket/456?reason=a%2Fb");
  CAF_CHECK_EQUAL(kick.reason, "a/b");
  auto longest = std::string(100, 'a');
  CAF_CHECK_EQUAL(check("DELETE", "/socket/456?reason=" + longest), "200");
  for (auto& bad : {"wait=5s"s, "reason=a&wait=5s"s, "reason="s, "reason=%0A"s,
                    "reason=" + longest + 'a'})
    CAF_CHECK_EQUAL(check("DELETE", "/socket/456?" + bad), "400 bad_parameter");
}

CAF_TEST(a change of topics takes its parameters along) {
  auto joined
    = parse<topic_request>("PUT", "/socket/456/topics/news?ttl=60&wait=10ms");
  CAF_CHECK_EQUAL(joined.address, push_address::id("456"));
  CAF_CHECK_EQUAL(joined.topic, push_address::topic("news"));
  CAF_CHECK(joined.type == query::kind::subscribe);
  CAF_CHECK(joined.ttl == 60s && joined.wait == 10ms);
  auto left = parse<topic_request>("DELETE", "/socket/456/topics/news");
  CAF_CHECK(left.type == query::kind::unsubscribe);
  CAF_CHECK(left.ttl == 0s && left.wait == 5s);
  for (auto bad : {"?ttl=-1", "?ttl=x", "?wait=x", "?x=1"})
    CAF_CHECK_EQUAL(check("PUT", "/socket/456/topics/news"s + bad),
                    "400 bad_parameter");
  CAF_CHECK_EQUAL(check("DELETE", "/socket/456/topics/news?ttl=1"),
                  "400 bad_parameter");
  CAF_CHECK_EQUAL(check("PUT", "/socket/456/topics/a%2Fb"), "400 bad_id");
  CAF_CHECK_EQUAL(check("PUT", "/socket/a%2Fb/topics/news"), "400 bad_id");
}

CAF_TEST(a key opens what its request does) {
  auto scope_at = [](std::string_view method, const std::string& text) {
    return std::get<routed_request>(route(method, text)).needed;
  };
  for (auto text : {"/socket/456", "/topic/news", "/broadcast", "/push"})
    CAF_CHECK(scope_at("POST", text) == scope::push);
  for (auto text : {"/socket/456", "/socket/456/mailbox"})
    CAF_CHECK(scope_at("DELETE", text) == scope::kick);
  for (auto method : {"PUT", "DELETE"})
    CAF_CHECK(scope_at(method, "/socket/456/topics/news") == scope::push);
  for (auto method : {"GET", "HEAD"}) {
    for (auto text :
         {"/socket/456", "/socket/456/mailbox", "/topic/news", "/trace/456"})
      CAF_CHECK(scope_at(method, text) == scope::presence);
    for (auto text : {"/stats", "/largest", "/history", "/metrics"})
      CAF_CHECK(scope_at(method, text) == scope::admin);
    CAF_MESSAGE("and none is needed for these");
    for (auto text : {"/livez", "/readyz", "/console", "/console/console.js"})
      CAF_CHECK(!scope_at(method, text));
  }
  CAF_CHECK(!scope_at("GET", "/websocket/456"));
}

CAF_TEST(a request is about one address or none) {
  CAF_CHECK_EQUAL(address_key("GET", "/websocket/456"), "id:456");
  for (auto method : {"GET", "POST", "DELETE"})
    CAF_CHECK_EQUAL(address_key(method, "/socket/a:b"), "id:a:b");
  CAF_CHECK_EQUAL(address_key("GET", "/trace/456"), "id:456");
  CAF_CHECK_EQUAL(address_key("POST", "/topic/456"), "topic:456");
  CAF_CHECK_EQUAL(address_key("POST", "/topic/all"), "topic:all");
  CAF_CHECK_EQUAL(address_key("POST", "/broadcast"), "all");
  CAF_CHECK_EQUAL(address_key("POST", "/push"), "none");
  for (auto text :
       {"/livez", "/readyz", "/stats", "/metrics", "/console", "/console/456"})
    CAF_CHECK_EQUAL(address_key("GET", text), "none");
}

CAF_TEST(a question takes its parameters along) {
  auto presence
    = parse<presence_request>("GET", "/socket/456?detail=1&wait=10ms");
  CAF_CHECK(presence.detail && presence.wait == 10ms);
  CAF_CHECK(!parse<presence_request>("GET", "/socket/456?detail=0").detail);
  CAF_CHECK(parse<trace_request>("GET", "/trace/456").wait == 5s);
  auto stats = parse<stats_request>("GET", "/stats?cluster=1");
  CAF_CHECK(stats.cluster && stats.wait == 5s);
}

CAF_TEST(a push takes its key and the type of its body along) {
  auto routed = net::route(
    {http::verb::post, "POST", target_of("/socket/456"), true, {"k"}},
    port_role::both, max_topics);
  auto& push = std::get<push_request>(std::get<routed_request>(routed).request);
  CAF_CHECK(push.format == payload::format::binary);
  CAF_CHECK_EQUAL(push.key, "k");
}

} // namespace route_suite
