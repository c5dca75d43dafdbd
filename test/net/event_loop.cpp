#define CAF_SUITE event_loop

#include "net/event_loop.hpp"

#include <future>

#include <boost/asio/post.hpp>

#include "actors/collector.hpp"
#include "actors/system_config.hpp"
#include "test/fixture.hpp"

namespace event_loop_suite {

using namespace waybill;

namespace {

/// Sends itself a message until it has received a number of them.
class chain : public hosted<outcome_receiver_actor> {
public:
  chain(caf::actor_config& cfg, caf::execution_unit* host, size_t& left)
      : hosted(cfg, host), left_(left) {
    // nop
  }

protected:
  behavior_type make_behavior() override {
    return {
      [this](const numbered_outcomes&) {
        if (--left_ > 0)
          send(this, numbered_outcomes{});
      },
    };
  }

private:
  size_t& left_;
};

struct loop_fixture {
  loop_fixture() : loop(sys, [](const std::string&) {}) { loop.start(alone); }

  ~loop_fixture() { loop.stop(); }

  /// Returns how many messages of a chain were left when the handler ran that
  /// was posted right after the first.
  size_t count_left(size_t length) {
    auto left = length;
    auto first = sys.spawn<chain>(&loop, left);
    std::promise<size_t> seen;
    boost::asio::post(loop.context(), [&] {
      caf::anon_send(first, numbered_outcomes{});
      boost::asio::post(loop.context(), [&] { seen.set_value(left); });
    });
    auto result = seen.get_future().get();
    caf::anon_send_exit(first, caf::exit_reason::user_shutdown);
    first = nullptr;
    sys.await_all_actors_done();
    return result;
  }

  system_config config;
  caf::actor_system sys{config};
  std::latch alone{1};
  net::event_loop loop;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(event_loop_tests, loop_fixture)

CAF_TEST(actors that wake each other are done before the next handler) {
  CAF_CHECK_EQUAL(count_left(100), 0u);
}

CAF_TEST(actors without an end do not starve sockets) {
  CAF_CHECK_GREATER(count_left(100'000), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace event_loop_suite
