#define CAF_SUITE event_parser

#include "app/client/event_parser.hpp"

#include <caf/test/dsl.hpp>

namespace event_parser_suite {

using namespace waybill::app;
using namespace std::chrono_literals;

namespace {

using events = std::vector<event_parser::event>;

const std::string stream = "retry: 1500\n\nevent: hello\nid: 0\ndata: hi\n\n"
                           ":\n\nid: 7-0\ndata: one\ndata:\ndata:  two\n\n"
                           ": this node is stopping\nretry: 2000\n\n";

const events parsed = {{"hello", "hi"}, {"", "one\n\n two"}};

} // namespace

CAF_TEST(a stream is parsed) {
  event_parser parser{""};
  CAF_CHECK(parser.feed(stream) == parsed);
  CAF_CHECK_EQUAL(parser.last_id(), "7-0");
  CAF_CHECK(parser.retry() == 2000ms);
  CAF_CHECK_EQUAL(parser.comment(), "this node is stopping");
}

CAF_TEST(a stream is parsed in pieces of any size) {
  for (size_t size = 1; size < stream.size(); ++size) {
    event_parser parser{""};
    events found;
    for (size_t i = 0; i < stream.size(); i += size)
      for (auto& event : parser.feed(stream.substr(i, size)))
        found.push_back(event);
    CAF_CHECK(found == parsed);
    CAF_CHECK_EQUAL(parser.last_id(), "7-0");
  }
}

CAF_TEST(lines end with CR or LF or both) {
  for (auto end : {"\r", "\n", "\r\n"}) {
    event_parser parser{""};
    std::string text = "data: a" + std::string{end} + "data: b";
    CAF_CHECK(parser.feed(text + end).empty());
    CAF_CHECK(parser.feed(end) == events({{"", "a\nb"}}));
    CAF_CHECK(parser.feed(text + end + end) == events({{"", "a\nb"}}));
  }
}

CAF_TEST(an event that is cut off is none) {
  event_parser parser{"6"};
  CAF_CHECK(parser.feed("id: 7\ndata: one\n").empty());
  CAF_CHECK_EQUAL(parser.last_id(), "6");
}

CAF_TEST(an id without data counts and an event without data does not ) {
  event_parser parser{"6"};
  CAF_CHECK(parser.feed("event: x\nid: 7;closed=1\n\ndata\n\n")
            == events({{"", ""}}));
  CAF_CHECK_EQUAL(parser.last_id(), "7;closed=1");
}

CAF_TEST(unknown and malformed fields are ignored) {
  event_parser parser{"6"};
  auto text = "<html>\nfoo: 1\nretry: soon\nretry: -1\nid: 7"
              + std::string(1, '\0') + "\n\n";
  CAF_CHECK(parser.feed(text).empty());
  CAF_CHECK(!parser.retry());
  CAF_CHECK_EQUAL(parser.last_id(), "6");
  CAF_CHECK_EQUAL(parser.comment(), "");
}

} // namespace event_parser_suite
