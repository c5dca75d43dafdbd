#define CAF_SUITE request

#include "net/http/request.hpp"

#include <caf/test/dsl.hpp>

namespace request_suite {

using namespace waybill;
using namespace waybill::net;

namespace {

/// Formats the path and query of a target, or the status that refuses it.
std::string parse(std::string_view text, std::string_view host = "h:80") {
  auto x = parse_target(text, host);
  if (auto refused = std::get_if<response>(&x))
    return std::to_string(static_cast<unsigned>(refused->status));
  std::string result;
  auto& parsed = std::get<net::target>(x);
  for (auto& segment : parsed.path)
    result += '[' + segment + ']';
  for (auto& [name, value] : parsed.query)
    result += name + '=' + value + ';';
  return result;
}

unsigned status_of(const std::optional<response>& x) {
  return x ? static_cast<unsigned>(x->status) : 200;
}

/// Checks a request with a host and these fields.
unsigned check(std::vector<std::pair<std::string, std::string>> fields,
               unsigned version = 11) {
  http::request_header<> head;
  head.version(version);
  head.set(http::field::host, "h");
  for (auto& [name, value] : fields)
    head.insert(name, value);
  return status_of(check_fields(head));
}

/// Checks a request to this host.
unsigned check_host(const std::string& host) {
  http::request_header<> head;
  head.set(http::field::host, host);
  return status_of(check_fields(head));
}

} // namespace

CAF_TEST(a head ends with an empty line) {
  CAF_CHECK_EQUAL(find_head_end(""), 0);
  CAF_CHECK_EQUAL(find_head_end("GET / HTTP/1.1\r\nHost: h\r\n"), 0);
  CAF_CHECK_EQUAL(find_head_end("GET / HTTP/1.1\r\n\r\nbody"), 18);
  CAF_CHECK_EQUAL(find_head_end("GET / HTTP/1.1\n\n"), -1);
  CAF_CHECK_EQUAL(find_head_end("GET / HTTP/1.1\r\nA: b\n\r\n"), -1);
  CAF_CHECK_EQUAL(find_head_end("\n"), -1);
}

CAF_TEST(a head that proxies may read differently is refused) {
  CAF_CHECK_EQUAL(status_of(check_head("GET /a HTTP/1.1\r\nA: b\r\n\r\n", 100)),
                  200u);
  CAF_CHECK_EQUAL(status_of(check_head("GET /\xe8 HTTP/1.1\r\n\r\n", 100)),
                  400u);
  CAF_CHECK_EQUAL(
    status_of(check_head("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 100)), 400u);
  std::string head = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 100; ++i)
    head += "A: b\r\n";
  CAF_CHECK_EQUAL(status_of(check_head(head + "\r\n", 100)), 200u);
  CAF_CHECK_EQUAL(status_of(check_head(head + "A: b\r\n\r\n", 100)), 431u);
}

CAF_TEST(the end of a body must be unambiguous) {
  CAF_CHECK_EQUAL(check({}), 200u);
  CAF_CHECK_EQUAL(check({{"Transfer-Encoding", "Chunked"}}), 200u);
  CAF_CHECK_EQUAL(check({{"Transfer-Encoding", "gzip"}}), 501u);
  CAF_CHECK_EQUAL(check({{"Transfer-Encoding", "chunked, identity"}}), 501u);
  CAF_CHECK_EQUAL(check({{"Transfer-Encoding", "chunked"}}, 10), 400u);
  CAF_CHECK_EQUAL(
    check({{"Transfer-Encoding", "chunked"}, {"Content-Length", "1"}}), 400u);
  CAF_CHECK_EQUAL(check({{"Content-Length", "1, 1"}}), 400u);
  CAF_CHECK_EQUAL(check({{"Content-Length", "1"}, {"Content-Length", "1"}}),
                  400u);
}

CAF_TEST(control characters in chunk extensions are refused) {
  auto check = [](std::string_view extensions) {
    boost::system::error_code ec;
    check_chunk(1, extensions, ec);
    return ec;
  };
  CAF_CHECK(!check(""));
  CAF_CHECK(!check(";a=b;c=\"d\t\xe8\""));
  for (auto bad : {";a=\"\n\"", ";a=\"\x7f\""})
    CAF_CHECK(check(bad) == http::error::bad_chunk_extension);
}

CAF_TEST(a second host and an unknown expectation are refused) {
  CAF_CHECK_EQUAL(check({{"Host", "other"}}), 400u);
  for (auto bad : {"a b", "a/b", "joe@a", "a:b", "[a", "a\\b"})
    CAF_CHECK_EQUAL(check_host(bad), 400u);
  for (auto good : {"a", "a:80", "[::1]:80", ""})
    CAF_CHECK_EQUAL(check_host(good), 200u);
  CAF_CHECK_EQUAL(status_of(check_fields(http::request_header<>{})), 400u);
  CAF_CHECK_EQUAL(check({{"Expect", "100-Continue"}}), 200u);
  CAF_CHECK_EQUAL(check({{"Expect", "cake"}}), 417u);
  CAF_CHECK_EQUAL(check({{"Content-Encoding", "gzip"}}), 415u);
}

CAF_TEST(a path is decoded once) {
  CAF_CHECK_EQUAL(parse("/socket/456"), "[socket][456]");
  CAF_CHECK_EQUAL(parse("/socket/%e8%bf%9e%20%2525"), "[socket][连 %25]");
  CAF_CHECK_EQUAL(parse("/socket/a%2Fb"), "[socket][a/b]");
  CAF_CHECK_EQUAL(parse("/%73ocket/%34"), "[%73ocket][4]");
  CAF_CHECK_EQUAL(parse("/./socket/4"), "[.][socket][4]");
  CAF_CHECK_EQUAL(parse("//socket/"), "[][socket][]");
  CAF_CHECK_EQUAL(parse("/socket/.."), "[socket][..]");
  CAF_CHECK_EQUAL(parse("/socket/1?wait=5s&receipt=%72"),
                  "[socket][1]receipt=r;wait=5s;");
  for (auto bad : {"", "*", "socket/1", "/socket/%zz", "/socket/%e", "/a b",
                   "h:80", "/socket/1?wait=5s&wait=6s"})
    CAF_CHECK_EQUAL(parse(bad), "400");
}

CAF_TEST(an absolute target names this server) {
  CAF_CHECK_EQUAL(parse("http://h:80/socket/1?wait=1s"), "[socket][1]wait=1s;");
  CAF_CHECK_EQUAL(parse("HTTP://H:80/a"), "[a]");
  CAF_CHECK_EQUAL(parse("https://h:80/a"), "[a]");
  for (auto bad : {"http://other/", "http://joe@h:80/", "ftp://h:80/"})
    CAF_CHECK_EQUAL(parse(bad), "400");
}

CAF_TEST(blank lines before a request are skipped) {
  CAF_CHECK_EQUAL(count_blank(""), 0u);
  CAF_CHECK_EQUAL(count_blank("GET"), 0u);
  CAF_CHECK_EQUAL(count_blank("\r\nGET"), 2u);
  CAF_CHECK_EQUAL(count_blank("\r\n\r\n\r"), 4u);
  CAF_CHECK_EQUAL(count_blank("\n\r\n"), 0u);
}

CAF_TEST(a list may come in several lines) {
  http::request_header<> head;
  for (auto value : {"keep-alive", "Upgrade"})
    head.insert(http::field::connection, value);
  head.insert(http::field::sec_websocket_protocol, "chat");
  head.insert(http::field::sec_websocket_protocol, "waybill, bearer.x");
  head.insert(http::field::host, "h");
  join_lists(head);
  CAF_CHECK_EQUAL(head[http::field::connection], "keep-alive, Upgrade");
  CAF_CHECK_EQUAL(head[http::field::sec_websocket_protocol],
                  "chat, waybill, bearer.x");
  CAF_CHECK_EQUAL(head.count(http::field::connection), 1u);
  CAF_CHECK_EQUAL(head[http::field::host], "h");
}

CAF_TEST(a list with an unknown expectation or coding is refused) {
  CAF_CHECK_EQUAL(check({{"Expect", "100-Continue, 100-continue"}}), 200u);
  CAF_CHECK_EQUAL(check({{"Expect", "100-continue,, "}}), 200u);
  CAF_CHECK_EQUAL(check({{"Expect", "100-continue, tea"}}), 417u);
  CAF_CHECK_EQUAL(check({{"Content-Encoding", "identity , identity"}}), 200u);
  CAF_CHECK_EQUAL(check({{"Content-Encoding", "identity, gzip"}}), 415u);
}

CAF_TEST(an empty query and empty parameters are left out) {
  CAF_CHECK_EQUAL(parse("/socket/456?"), "[socket][456]");
  CAF_CHECK_EQUAL(parse("/socket/456?&"), "[socket][456]");
  CAF_CHECK_EQUAL(parse("/socket/456?&a=b&&c=d&"), "[socket][456]a=b;c=d;");
  CAF_CHECK_EQUAL(parse("/socket/456?a"), "[socket][456]a=;");
  CAF_CHECK_EQUAL(parse("/socket/456?=b"), "[socket][456]=b;");
}

CAF_TEST(characters that browsers do not encode are accepted) {
  CAF_CHECK_EQUAL(parse("/socket/auth0|42"), "[socket][auth0|42]");
  CAF_CHECK_EQUAL(parse("/socket/a^b[c]"), "[socket][a^b[c]]");
  CAF_CHECK_EQUAL(parse("/websocket/a?topics=a|b,{c},[d],e^f,`g`,h\\i"),
                  "[websocket][a]topics=a|b,{c},[d],e^f,`g`,h\\i;");
  CAF_CHECK_EQUAL(parse("/socket/a%7Cb%257C"), "[socket][a|b%7C]");
  CAF_CHECK_EQUAL(parse("http://[::1]:80/socket/a|b?x=[y]", "[::1]:80"),
                  "[socket][a|b]x=[y];");
  CAF_MESSAGE("no client sends these");
  for (auto text : {"/socket/a\\b", "/socket/{a}", "/socket/a`b",
                    "/socket/a\"b", "/socket/<a>", "/socket/a?b=<c>",
                    "/socket/a#b", "/socket/a?b=\"c\"", "/socket/a b"})
    CAF_CHECK_EQUAL(parse(text), "400");
}

CAF_TEST(a trace has one field) {
  auto context_of = [](const std::vector<std::string>& values) {
    http::request_header<> fields;
    fields.method(http::verb::post);
    fields.target("/socket/456");
    for (auto& value : values)
      fields.insert("traceparent", value);
    return std::get<request_head>(parse_head(fields)).context;
  };
  std::string field = "00-00000000000000010000000000000002-0000000000000003-01";
  CAF_CHECK(context_of({field}) == trace_context{1, 2, 3});
  CAF_CHECK(!context_of({}));
  CAF_CHECK(!context_of({field, field}));
  CAF_CHECK(!context_of({"00-1-2-01"}));
}

CAF_TEST(a body is text or bytes by its type) {
  for (auto text :
       {"", "text/plain", "text/csv; charset=utf-8", "application/json",
        "Application/JSON", "application/x-www-form-urlencoded",
        "application/x-ndjson", "application/problem+json", "application/xml",
        "image/svg+xml", "application/javascript", "nonsense"}) {
    CAF_MESSAGE(text);
    CAF_CHECK(!is_binary_type(text));
  }
  for (auto bytes :
       {"application/octet-stream", "Application/Octet-Stream; a=b",
        "application/protobuf", "application/x-protobuf", "application/cbor",
        "application/msgpack", "application/zip", "application/pdf",
        "image/png", "audio/ogg", "video/mp4", "font/woff2",
        "multipart/form-data; boundary=x"}) {
    CAF_MESSAGE(bytes);
    CAF_CHECK(is_binary_type(bytes));
  }
}

} // namespace request_suite
