#define CAF_SUITE subscription_order

#include "redis/subscription_order.hpp"

#include <caf/test/dsl.hpp>

namespace subscription_order_suite {

using namespace waybill::redis;

namespace {

using command = subscription_order::command;
using meaning = subscription_order::meaning;

struct subscription_order_fixture {
  void subscribe(const char* channel) {
    aut.on_sent(command::subscribe, channel);
  }

  void unsubscribe(const char* channel) {
    aut.on_sent(command::unsubscribe, channel);
    aut.on_sent(command::fence);
  }

  /// Returns whether a result has this meaning and channel.
  static bool is(const subscription_order::result& x, meaning type,
                 const char* channel) {
    return x.type == type && x.channel == channel;
  }

  subscription_order aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(subscription_order_tests, subscription_order_fixture)

CAF_TEST(replies belong to commands in their order) {
  subscribe("a");
  unsubscribe("b");
  subscribe("c");
  CAF_CHECK(is(aut.on_subscribed("a"), meaning::subscribed, "a"));
  CAF_CHECK(is(aut.on_unsubscribed("b"), meaning::unsubscribed, "b"));
  CAF_CHECK(is(aut.on_pong(), meaning::none, ""));
  CAF_CHECK(is(aut.on_subscribed("c"), meaning::subscribed, "c"));
}

CAF_TEST(an error rejects the subscription whose turn it is) {
  subscribe("a");
  subscribe("b");
  CAF_CHECK(is(aut.on_error(), meaning::rejected, "a"));
  CAF_CHECK(is(aut.on_subscribed("b"), meaning::subscribed, "b"));
}

CAF_TEST(a subscription that nobody ended was revoked) {
  CAF_CHECK(is(aut.on_unsubscribed("a"), meaning::revoked, "a"));
  subscribe("b");
  CAF_CHECK(is(aut.on_unsubscribed("a"), meaning::revoked, "a"));
  CAF_CHECK(is(aut.on_subscribed("b"), meaning::subscribed, "b"));
}

CAF_TEST(the slot moves while the end of a subscription is on its way) {
  unsubscribe("a");
  subscribe("b");
  // This one Redis has sent by itself, and the reply is an error.
  CAF_CHECK(is(aut.on_unsubscribed("a"), meaning::unsubscribed, "a"));
  CAF_CHECK(is(aut.on_error(), meaning::none, ""));
  CAF_CHECK(is(aut.on_pong(), meaning::none, ""));
  // The error after the PING belongs to the next command.
  CAF_CHECK(is(aut.on_error(), meaning::rejected, "b"));
}

CAF_TEST(the slot moves before the turn of the end of a subscription) {
  subscribe("b");
  unsubscribe("a");
  CAF_CHECK(is(aut.on_unsubscribed("a"), meaning::revoked, "a"));
  CAF_CHECK(is(aut.on_subscribed("b"), meaning::subscribed, "b"));
  CAF_CHECK(is(aut.on_error(), meaning::unsubscribed, "a"));
  CAF_CHECK(is(aut.on_pong(), meaning::none, ""));
}

CAF_TEST(a subscription is revoked right after it began) {
  subscribe("a");
  CAF_CHECK(is(aut.on_subscribed("a"), meaning::subscribed, "a"));
  CAF_CHECK(is(aut.on_unsubscribed("a"), meaning::revoked, "a"));
}

CAF_TEST(a reply that fits no command breaks the connection) {
  CAF_CHECK(is(aut.on_error(), meaning::broken, ""));
  CAF_CHECK(is(aut.on_pong(), meaning::broken, ""));
  CAF_CHECK(is(aut.on_subscribed("a"), meaning::broken, ""));
  subscribe("b");
  CAF_CHECK(is(aut.on_subscribed("a"), meaning::broken, ""));
}

CAF_TEST(a new connection owes no replies) {
  subscribe("a");
  aut.reset();
  subscribe("b");
  CAF_CHECK(is(aut.on_subscribed("b"), meaning::subscribed, "b"));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace subscription_order_suite
