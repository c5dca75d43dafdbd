#define CAF_SUITE open_connections

#include "net/server/open_connections.hpp"

#include <map>

#include <caf/test/dsl.hpp>

namespace open_connections_suite {

using namespace waybill::net;

namespace {

struct connections_fixture {
  /// Opens a connection of a peer.
  void open(const std::string& name, const std::string& peer = "") {
    slots[name] = aut.add(limits, peer, [this, name] {
      closed += name;
      slots.erase(name);
    });
  }

  connection_limits limits{4, 2};
  open_connections aut;
  std::map<std::string, open_connections::slot> slots;
  std::string closed;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(open_connections_tests, connections_fixture)

CAF_TEST(closes the connection that has been idle longest) {
  for (auto name : {"a", "b", "c", "d"})
    open(name);
  slots["a"].be_silent();
  CAF_CHECK_EQUAL(closed, "");
  open("e");
  CAF_CHECK_EQUAL(closed, "b");
  CAF_CHECK(aut.close_longest(false));
  CAF_CHECK_EQUAL(closed, "bc");
  CAF_CHECK_EQUAL(aut.size(), 3u);
}

CAF_TEST(closes none that is busy) {
  for (auto name : {"a", "b", "c", "d"}) {
    open(name);
    slots[name].be_busy();
  }
  CAF_CHECK(!aut.close_longest(false) && !aut.close_longest(true));
  open("e");
  CAF_CHECK_EQUAL(closed, "");
  CAF_CHECK_EQUAL(aut.size(), 5u);
}

CAF_TEST(closes those that never sent a request before others) {
  for (auto name : {"a", "b"})
    open(name);
  slots["a"].be_busy();
  slots["a"].be_silent();
  slots["b"].be_silent();
  CAF_CHECK(aut.close_longest(false));
  CAF_CHECK_EQUAL(closed, "b");
  CAF_MESSAGE("which may be all that there are");
  CAF_CHECK(!aut.close_longest(false));
  CAF_CHECK(aut.close_longest(true));
  CAF_CHECK_EQUAL(closed, "ba");
}

CAF_TEST(closes a connection of the peer that exceeds its limit) {
  open("a", "other");
  for (auto name : {"b", "c", "d"})
    open(name, "peer");
  CAF_CHECK_EQUAL(closed, "b");
  CAF_MESSAGE("a peer without a key has no limit");
  open("e");
  open("f");
  open("g");
  CAF_CHECK_EQUAL(closed, "bac");
}

CAF_TEST(limits nothing without a limit) {
  limits = {};
  for (auto name : {"a", "b", "c", "d", "e", "f"})
    open(name, "peer");
  CAF_CHECK_EQUAL(closed, "");
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace open_connections_suite
