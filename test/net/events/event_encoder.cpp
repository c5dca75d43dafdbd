#define CAF_SUITE event_encoder

#include "net/events/event_encoder.hpp"

#include <caf/test/dsl.hpp>

#include "test/net/events/event_source.hpp"

namespace event_encoder_suite {

using namespace waybill;
using namespace std::string_literals;

namespace {

payload bytes(std::string x) {
  return {payload::format::binary, std::move(x)};
}

/// Encodes an event in pieces of `size` bytes.
std::string encode(const payload& data, size_t size = 1000,
                   const std::string& type = "", const std::string& id = "") {
  std::string result;
  for (net::event_encoder aut{type, id, data}; !aut.is_done();)
    result += aut.next(size);
  return result;
}

/// Returns the data that a client gets, if it gets one event.
std::string data_of(const std::string& stream) {
  test::event_source client{stream};
  return client.events.size() == 1 ? client.events[0].data : "not one event";
}

} // namespace

CAF_TEST(a text is one data line) {
  CAF_CHECK_EQUAL(encode(make_text("hi")), "data: hi\n\n");
  CAF_CHECK_EQUAL(encode(make_text("连接成功!")), "data: 连接成功!\n\n");
}

CAF_TEST(type and id precede the data) {
  CAF_CHECK_EQUAL(encode(make_text("hi"), 1000, "hello", "1-0"),
                  "event: hello\nid: 1-0\ndata: hi\n\n");
}

CAF_TEST(each line of a text is a data line) {
  CAF_CHECK_EQUAL(encode(make_text("a\nb")), "data: a\ndata: b\n\n");
  CAF_CHECK_EQUAL(encode(make_text("a\n")), "data: a\ndata: \n\n");
}

CAF_TEST(a client reads each end of a line as LF) {
  CAF_CHECK_EQUAL(data_of(encode(make_text("a\nb\rc\r\nd\n\re"))),
                  "a\nb\nc\nd\n\ne");
  CAF_CHECK_EQUAL(data_of(encode(make_text("\r\n"))), "\n");
}

CAF_TEST(a text cannot be taken for fields) {
  for (auto text : {"id: 9", "\nid: 9\n", "\n\nevent: x", ": no comment",
                    " a space", "\xef\xbb\xbf a mark"})
    CAF_CHECK_EQUAL(data_of(encode(make_text(text))), text);
  CAF_CHECK_EQUAL(data_of(encode(make_text("a\0b"s))), "a\0b"s);
}

CAF_TEST(an empty text is an event) {
  CAF_CHECK_EQUAL(encode(make_text("")), "data: \n\n");
  CAF_CHECK_EQUAL(data_of(encode(make_text(""))), "");
}

CAF_TEST(bytes are base64) {
  CAF_CHECK_EQUAL(encode(bytes("\x00\xff\n"s)),
                  "event: binary\ndata: AP8K\n\n");
  CAF_CHECK_EQUAL(encode(bytes("ab"), 1000, "", "7"),
                  "event: binary\nid: 7\ndata: YWI=\n\n");
  CAF_CHECK_EQUAL(encode(bytes("a")), "event: binary\ndata: YQ==\n\n");
  CAF_CHECK_EQUAL(encode(bytes("")), "event: binary\ndata: \n\n");
}

CAF_TEST(the size of the pieces does not matter) {
  for (auto text : {"", "a", "a\r\nb\r\n\r\nc", "\r\r\n\n", "longer than it"})
    for (size_t size = 1; size < 20; ++size) {
      CAF_CHECK_EQUAL(encode(make_text(text), size), encode(make_text(text)));
      CAF_CHECK_EQUAL(encode(bytes(text), size), encode(bytes(text)));
    }
}

CAF_TEST(a piece is not much larger than asked for) {
  for (auto& data :
       {make_text(std::string(100'000, '\n')),
        make_text(std::string(100'000, 'x')), bytes(std::string(100'000, 'x'))})
    for (net::event_encoder aut{"", "1-0", data}; !aut.is_done();)
      CAF_CHECK_LESS(aut.next(1000).size(), 1010u);
}

} // namespace event_encoder_suite
