#define CAF_SUITE topic_store

#include "actors/core/topic_store.hpp"

#include "test/fixture.hpp"

namespace topic_store_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

const auto id456 = push_address::id("456");
const auto news = push_address::topic("news");
const auto sport = push_address::topic("sport");

struct store_fixture {
  topic_store aut;
  const topic_store::time_point now{1h};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(topic_store_tests, store_fixture)

CAF_TEST(keeps topics of an id for their time) {
  aut.keep(id456, "sport", now + 2s);
  aut.keep(id456, "news", now + 1s);
  CAF_CHECK(aut.topics_of(id456, now)
            == (kept_topics{{news, 1s}, {sport, 2s}}));
  CAF_CHECK(aut.topics_of(push_address::id("457"), now).empty());
  CAF_CHECK(aut.topics_of(id456, now + 1s) == (kept_topics{{sport, 1s}}));
}

CAF_TEST(the last time of a topic counts) {
  aut.keep(id456, "news", now + 2s);
  aut.keep(id456, "news", now + 1s);
  CAF_CHECK(aut.topics_of(id456, now + 1s).empty());
}

CAF_TEST(removes a topic) {
  aut.keep(id456, "news", now + 1s);
  aut.remove(id456, "sport");
  aut.remove(push_address::id("457"), "news");
  CAF_CHECK_EQUAL(aut.topics_of(id456, now).size(), 1u);
  aut.remove(id456, "news");
  CAF_CHECK(aut.topics_of(id456, now).empty());
}

CAF_TEST(forgets what has passed) {
  aut.keep(id456, "news", now + 1s);
  aut.keep(id456, "sport", now + 2s);
  aut.expire(now + 1s);
  CAF_CHECK(aut.topics_of(id456, now) == (kept_topics{{sport, 2s}}));
  aut.expire(now + 2s);
  CAF_CHECK(aut.topics_of(id456, now).empty());
}

CAF_TEST(keeps the last value of a topic for its time) {
  push value{"p", make_text("a")};
  value.retain = 2s;
  value.want = receipt_level::written;
  value.reply_to = "n1";
  CAF_CHECK(!aut.value_of(news, now));
  aut.keep_value(news, value, now);
  value.id = "q";
  aut.keep_value(news, value, now + 1s);
  auto found = aut.value_of(news, now + 2s);
  CAF_REQUIRE(found);
  CAF_CHECK_EQUAL(found->id, "q");
  CAF_CHECK(found->retain == 1s);
  CAF_CHECK(found->reply_to.empty() && found->want == receipt_level::routed);
  CAF_CHECK(!aut.value_of(news, now + 3s));
  aut.forget_value(news);
  CAF_CHECK(!aut.value_of(news, now));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace topic_store_suite
