#define CAF_SUITE request

#include "net/request.hpp"

#include <caf/test/dsl.hpp>

using namespace waybill;
using namespace waybill::net;

namespace {

/// Returns the path and query of a target, or its status where it is refused.
std::string parse(std::string_view text, std::string_view host = "h:80") {
  auto x = parse_target(text, host);
  if (auto refused = std::get_if<answer>(&x))
    return std::to_string(static_cast<unsigned>(refused->status));
  std::string result;
  auto& where = std::get<target>(x);
  for (auto& segment : where.path)
    result += '[' + segment + ']';
  for (auto& [name, value] : where.query)
    result += name + '=' + value + ';';
  return result;
}

unsigned status_of(const std::optional<answer>& x) {
  return x ? static_cast<unsigned>(x->status) : 200;
}

/// Checks the fields of a request with a host and these fields.
unsigned check(std::vector<std::pair<std::string, std::string>> fields,
               unsigned version = 11) {
  http::request_header<> head;
  head.version(version);
  head.set(http::field::host, "h");
  for (auto& [name, value] : fields)
    head.insert(name, value);
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

CAF_TEST(a head is refused where proxies would read it otherwise) {
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

CAF_TEST(the end of a body must be beyond doubt) {
  CAF_CHECK_EQUAL(check({}), 200u);
  CAF_CHECK_EQUAL(check({{"Transfer-Encoding", "Chunked"}}), 200u);
  CAF_CHECK_EQUAL(check({{"Transfer-Encoding", "gzip"}}), 501u);
  CAF_CHECK_EQUAL(check({{"Transfer-Encoding", "chunked, identity"}}), 501u);
  CAF_CHECK_EQUAL(check({{"Transfer-Encoding", "chunked"}}, 10), 400u);
  CAF_CHECK_EQUAL(
    check({{"Transfer-Encoding", "chunked"}, {"Content-Length", "1"}}), 400u);
  CAF_CHECK_EQUAL(check({{"Content-Length", "1"}, {"Content-Length", "1"}}),
                  400u);
}

CAF_TEST(there is one host and nothing that we do not do is expected) {
  CAF_CHECK_EQUAL(check({{"Host", "other"}}), 400u);
  CAF_CHECK_EQUAL(status_of(check_fields(http::request_header<>{})), 400u);
  CAF_CHECK_EQUAL(check({{"Expect", "100-Continue"}}), 200u);
  CAF_CHECK_EQUAL(check({{"Expect", "cake"}}), 417u);
  CAF_CHECK_EQUAL(check({{"Content-Encoding", "gzip"}}), 415u);
}

CAF_TEST(a path is decoded once) {
  CAF_CHECK_EQUAL(parse("/socket/456"), "[socket][456]");
  CAF_CHECK_EQUAL(parse("/socket/%e8%bf%9e%20%2525"), "[socket][连 %25]");
  CAF_CHECK_EQUAL(parse("/socket/a%2Fb"), "[socket][a/b]");
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
  for (auto bad : {"http://other/", "http://joe@h:80/", "ftp://h:80/"})
    CAF_CHECK_EQUAL(parse(bad), "400");
}
