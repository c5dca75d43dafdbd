#define CAF_SUITE authorize

#include "net/api/authorize.hpp"

#include <set>

#include <caf/test/dsl.hpp>

namespace authorize_suite {

using namespace waybill;
using namespace waybill::net;
using namespace std::chrono_literals;
using std::chrono::system_clock;

namespace {

using header_fields = std::vector<std::pair<std::string, std::string>>;

struct authorize_fixture {
  /// Asks for something, and keeps what the request may do.
  /// @returns the status and code of a refusal; `200` if there is none.
  std::string ask(http::verb method, const std::string& text,
                  const header_fields& fields = {}) {
    http::request_header<> head;
    head.set(http::field::host, "example.com");
    for (auto& [name, value] : fields)
      head.insert(name, value);
    auto routed = route({method, http::to_string(method),
                         std::get<target>(parse_target(text, "example.com"))},
                        port_role::both, 100);
    if (!std::holds_alternative<routed_request>(routed))
      CAF_FAIL("not a request: " << text);
    auto found = authorize(policy, head, std::get<routed_request>(routed));
    refusal.reset();
    allowed = {};
    if (auto granted = std::get_if<permissions>(&found))
      allowed = std::move(*granted);
    else
      refusal = std::get<response>(std::move(found));
    if (!refusal)
      return "200";
    return std::to_string(static_cast<unsigned>(refusal->status)) + ' '
           + refusal->body["error"].get<std::string>();
  }

  std::string get(const std::string& text, const header_fields& fields = {}) {
    return ask(http::verb::get, text, fields);
  }

  std::string post(const std::string& text, const header_fields& fields = {}) {
    return ask(http::verb::post, text, fields);
  }

  /// Has clients need a token.
  void need_tokens() {
    policy.tokens
      = token_rules{token_algorithm::hs256, {std::string(32, 's')}, "", ""};
  }

  /// Makes a token of ours.
  std::string make(const std::string& id, std::vector<std::string> topics = {},
                   std::chrono::seconds lifetime = 1h) {
    return make_token(*policy.tokens, {id, std::move(topics), now + lifetime})
      .value();
  }

  /// Has pushers need a key, and makes one.
  header_fields need_keys(const std::string& scopes,
                          const std::string& pattern = "*") {
    auto made = std::get<made_key>(make_api_key("shop", scopes, pattern));
    policy.keys = std::get<api_keys>(api_keys::parse(made.line));
    return {{"Authorization", "Bearer " + made.key}};
  }

  /// Checks that a refusal is counted and says how to come in.
  void check_unauthorized(metric counted) {
    CAF_REQUIRE(refusal && refusal->counted);
    CAF_CHECK(refusal->counted == counted);
    CAF_REQUIRE_EQUAL(refusal->fields.size(), 1u);
    CAF_CHECK(refusal->fields[0].first == http::field::www_authenticate);
    CAF_CHECK_EQUAL(refusal->fields[0].second, "Bearer");
  }

  access_policy policy;
  std::optional<response> refusal;
  permissions allowed;
  system_clock::time_point now
    = std::chrono::floor<std::chrono::seconds>(system_clock::now());
};

header_fields bearer(const std::string& token) {
  return {{"Authorization", "Bearer " + token}};
}

header_fields offer(const std::string& protocols) {
  return {{"Sec-WebSocket-Protocol", protocols}};
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(authorize_tests, authorize_fixture)

CAF_TEST(a node without tokens and keys lets everyone do everything) {
  CAF_CHECK_EQUAL(get("/websocket/456"), "200");
  CAF_CHECK_EQUAL(post("/socket/456"), "200");
  CAF_CHECK_EQUAL(allowed.pusher, "");
  CAF_CHECK_EQUAL(allowed.pattern, "*");
  CAF_CHECK(!allowed.expiry);
  for (auto text : {"/stats", "/metrics", "/trace/456", "/livez"})
    CAF_CHECK_EQUAL(get(text), "200");
  CAF_CHECK_EQUAL(ask(http::verb::delete_, "/socket/456"), "200");
}

CAF_TEST(a page of another origin may neither connect nor push) {
  for (auto text : {"/websocket/456", "/socket/456", "/livez"}) {
    CAF_CHECK_EQUAL(get(text, {{"Origin", "https://evil.example"}}),
                    "403 bad_origin");
    CAF_CHECK(refusal->counted == metric::refused_origins);
    CAF_CHECK_EQUAL(refusal->detail, "to allow it: --allow-origin "
                                     "\"https://evil.example\"");
    CAF_CHECK_EQUAL(get(text, {{"Origin", "https://example.com"}}), "200");
  }
  policy.origins = {origin::parse("https://evil.example").value()};
  CAF_CHECK_EQUAL(get("/websocket/456", {{"Origin", "https://evil.example"}}),
                  "200");
}

CAF_TEST(every origin of a request has to be allowed) {
  header_fields both
    = {{"Origin", "https://example.com"}, {"Origin", "https://evil.example"}};
  CAF_CHECK_EQUAL(get("/websocket/456", both), "403 bad_origin");
  std::swap(both[0], both[1]);
  CAF_CHECK_EQUAL(get("/websocket/456", both), "403 bad_origin");
  both[0] = both[1];
  CAF_CHECK_EQUAL(get("/websocket/456", both), "200");
}

CAF_TEST(an origin is logged in part and without what harms a log) {
  get("/livez", {{"Origin", "\x1b[1m\"\xff" + std::string(200, 'a')}});
  CAF_REQUIRE(refusal);
  CAF_CHECK_EQUAL(refusal->detail,
                  "to allow it: --allow-origin \"\\u001b[1m\\\"\\ufffd"
                    + std::string(94, 'a') + '"');
}

CAF_TEST(an origin is checked before a token) {
  need_tokens();
  auto fields = bearer(make("456"));
  fields.emplace_back("Origin", "https://evil.example");
  CAF_CHECK_EQUAL(get("/websocket/456", fields), "403 bad_origin");
}

CAF_TEST(a client needs a token where there are rules for one) {
  need_tokens();
  for (const auto& fields : std::initializer_list<header_fields>{
         {}, bearer(""), bearer(make("456") + 'A'), bearer("x.y.z")}) {
    CAF_CHECK_EQUAL(get("/websocket/456", fields), "401 bad_token");
    check_unauthorized(metric::refused_tokens);
  }
  CAF_MESSAGE("the reason is for the log alone");
  CAF_CHECK_EQUAL(refusal->detail, "it is no token");
  CAF_CHECK_EQUAL(refusal->body.dump().find("it is no token"),
                  std::string::npos);
  CAF_MESSAGE("and pushers need none");
  CAF_CHECK_EQUAL(post("/socket/456"), "200");
}

CAF_TEST(a client comes in with a token for its id) {
  need_tokens();
  CAF_CHECK_EQUAL(get("/websocket/456", bearer(make("456"))), "200");
  CAF_CHECK(allowed.expiry == now + 1h);
  CAF_CHECK_EQUAL(get("/websocket/457", bearer(make("456"))), "403 forbidden");
  CAF_CHECK(!allowed.expiry);
  CAF_MESSAGE("an id is not a pattern");
  CAF_CHECK_EQUAL(get("/websocket/456", bearer(make("*"))), "403 forbidden");
}

CAF_TEST(a client that is let in late has the leeway of its token) {
  need_tokens();
  CAF_CHECK_EQUAL(get("/websocket/456", bearer(make("456", {}, -10s))), "200");
  CAF_CHECK(allowed.expiry == now - 10s + token_leeway);
  CAF_CHECK_EQUAL(get("/websocket/456", bearer(make("456", {}, -30s))),
                  "401 bad_token");
  CAF_CHECK_EQUAL(refusal->detail, "it has expired");
}

CAF_TEST(a client listens to topics that a pattern of its token matches) {
  need_tokens();
  auto token = bearer(make("456", {"news", "order-*"}));
  for (auto topics : {"", "news", "order-", "order-1,news,order-2"})
    CAF_CHECK_EQUAL(get(std::string{"/websocket/456?topics="} + topics, token),
                    "200");
  for (auto topics : {"new", "newsletter", "news,other", "order-1,order"})
    CAF_CHECK_EQUAL(get(std::string{"/websocket/456?topics="} + topics, token),
                    "403 forbidden");
  CAF_MESSAGE("and to none without one");
  CAF_CHECK_EQUAL(get("/websocket/456?topics=news", bearer(make("456"))),
                  "403 forbidden");
}

CAF_TEST(the scheme of a token is read in any case and its spaces skipped) {
  need_tokens();
  auto token = make("456");
  for (auto scheme : {"Bearer ", "bearer ", "BEARER    "})
    CAF_CHECK_EQUAL(get("/websocket/456", {{"Authorization", scheme + token}}),
                    "200");
  for (auto scheme : {"", "Bearer", "Basic ", "Bearer:"})
    CAF_CHECK_EQUAL(get("/websocket/456", {{"Authorization", scheme + token}}),
                    "401 bad_token");
}

CAF_TEST(a browser sends its token as a parameter or as a subprotocol) {
  need_tokens();
  auto good = make("456");
  CAF_CHECK_EQUAL(get("/websocket/456?token=" + good), "200");
  CAF_CHECK_EQUAL(get("/websocket/456", offer("bearer." + good)), "200");
  CAF_CHECK_EQUAL(get("/websocket/456", offer("waybill, bearer." + good)),
                  "200");
  for (auto bad : {"bearer.", "waybill", "bearer.x"})
    CAF_CHECK_EQUAL(get("/websocket/456", offer(bad)), "401 bad_token");
  CAF_CHECK_EQUAL(get("/websocket/456", offer("Bearer." + good)),
                  "401 bad_token");
}

CAF_TEST(a token in a header counts before one in the path or a subprotocol) {
  need_tokens();
  auto good = make("456");
  auto bad = make("457");
  CAF_CHECK_EQUAL(get("/websocket/456?token=" + bad, bearer(good)), "200");
  CAF_CHECK_EQUAL(get("/websocket/456?token=" + good, bearer(bad)),
                  "403 forbidden");
  CAF_CHECK_EQUAL(get("/websocket/456?token=" + good, offer("bearer." + bad)),
                  "200");
  CAF_MESSAGE("an empty header is as good as none");
  CAF_CHECK_EQUAL(get("/websocket/456?token=" + good, bearer("")), "200");
  CAF_MESSAGE("but an empty parameter is a token");
  CAF_CHECK_EQUAL(get("/websocket/456?token=", offer("bearer." + good)),
                  "401 bad_token");
}

CAF_TEST(a client is answered a subprotocol that it has offered) {
  for (auto [offered, chosen] : {std::pair{"", ""},
                                 {"waybill", "waybill"},
                                 {"chat", ""},
                                 {"bearer.x", "bearer.x"},
                                 {"bearer.x, bearer.y", "bearer.x"},
                                 {"bearer.x, waybill", "waybill"},
                                 {"chat, waybill, bearer.x", "waybill"},
                                 {"waybill.v1", "waybill.v1"},
                                 {"waybill, waybill.v1", "waybill.v1"},
                                 {"bearer.x, waybill.v1", "waybill.v1"},
                                 {"Waybill, bearer, waybill.v2", ""}}) {
    CAF_MESSAGE(offered);
    get("/websocket/456", offer(offered));
    CAF_CHECK_EQUAL(allowed.protocol, chosen);
  }
  CAF_MESSAGE("whether or not a token is needed");
  need_tokens();
  get("/websocket/456", offer("waybill, bearer." + make("456")));
  CAF_CHECK_EQUAL(allowed.protocol, "waybill");
}

CAF_TEST(a pusher needs a key where there are keys) {
  auto key = need_keys("push");
  for (const auto& fields : std::initializer_list<header_fields>{
         {}, bearer(""), bearer("waybill_x"), bearer(key[0].second)}) {
    CAF_CHECK_EQUAL(post("/socket/456", fields), "401 bad_key");
    check_unauthorized(metric::refused_keys);
    CAF_CHECK_EQUAL(allowed.pusher, "");
  }
  CAF_CHECK_EQUAL(post("/socket/456", key), "200");
  CAF_CHECK_EQUAL(allowed.pusher, "shop");
  CAF_MESSAGE("which is read from nowhere but the header");
  auto text = key[0].second.substr(7);
  CAF_CHECK_EQUAL(post("/socket/456", offer("bearer." + text)), "401 bad_key");
}

CAF_TEST(what needs no key is open to those without one) {
  need_keys("push");
  for (auto text : {"/websocket/456", "/livez", "/readyz", "/console",
                    "/console/console.js"})
    CAF_CHECK_EQUAL(get(text), "200");
}

CAF_TEST(a key opens nothing but what it was made for) {
  const std::pair<http::verb, const char*> all[]
    = {{http::verb::post, "/socket/456"},    {http::verb::post, "/topic/news"},
       {http::verb::post, "/broadcast"},     {http::verb::post, "/push"},
       {http::verb::get, "/socket/456"},     {http::verb::head, "/trace/456"},
       {http::verb::delete_, "/socket/456"}, {http::verb::get, "/stats"},
       {http::verb::get, "/metrics"}};
  for (auto [scopes, opened] : {std::pair{"push", std::set<size_t>{0, 1, 2, 3}},
                                {"presence", {4, 5}},
                                {"kick", {6}},
                                {"admin", {7, 8}},
                                {"kick,presence", {4, 5, 6}}}) {
    auto key = need_keys(scopes);
    for (size_t i = 0; i < std::size(all); ++i) {
      CAF_MESSAGE(scopes << ": " << all[i].second);
      CAF_CHECK_EQUAL(ask(all[i].first, all[i].second, key),
                      opened.count(i) > 0 ? "200" : "403 forbidden");
    }
  }
}

CAF_TEST(a key opens the addresses that its pattern matches) {
  auto key = need_keys("push,presence,kick", "order-*");
  CAF_CHECK_EQUAL(post("/socket/order-1", key), "200");
  CAF_CHECK_EQUAL(post("/topic/order-1", key), "200");
  CAF_CHECK_EQUAL(get("/socket/order-1", key), "200");
  CAF_CHECK_EQUAL(get("/trace/order-1", key), "200");
  CAF_CHECK_EQUAL(allowed.pattern, "order-*");
  CAF_CHECK_EQUAL(post("/socket/456", key), "403 forbidden");
  CAF_CHECK_EQUAL(post("/topic/news", key), "403 forbidden");
  CAF_CHECK_EQUAL(post("/broadcast", key), "403 forbidden");
  CAF_CHECK_EQUAL(get("/trace/456", key), "403 forbidden");
  CAF_CHECK_EQUAL(ask(http::verb::delete_, "/socket/456", key),
                  "403 forbidden");
  CAF_MESSAGE("those of a batch are not known yet");
  CAF_CHECK_EQUAL(post("/push", key), "200");
  CAF_CHECK_EQUAL(allowed.pattern, "order-*");
}

CAF_TEST(the reason of a refusal is said) {
  auto refused = forbidden("you may not");
  CAF_CHECK_EQUAL(refused.status, http::status::forbidden);
  CAF_CHECK_EQUAL(refused.body["message"], "you may not");
  CAF_CHECK(refused.fields.empty() && !refused.counted);
}

CAF_TEST(a page that is refused a session needs an origin but no token) {
  need_tokens();
  http::request_header<> head;
  head.set(http::field::host, "example.com");
  head.set(http::field::origin, "https://example.com");
  auto found = authorize_page(policy, head);
  CAF_REQUIRE(std::holds_alternative<permissions>(found));
  CAF_CHECK(std::get<permissions>(found).origin == "https://example.com");
  head.set(http::field::origin, "https://evil.example");
  found = authorize_page(policy, head);
  CAF_REQUIRE(std::holds_alternative<response>(found));
  CAF_CHECK(std::get<response>(found).status == http::status::forbidden);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace authorize_suite
