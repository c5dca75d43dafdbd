#define CAF_SUITE session

#include "test/fixture.hpp"

namespace session_suite {

using namespace waybill;
using namespace std::chrono_literals;

namespace {

const auto id456 = push_address::id("456");
const auto is_written = delivery_counts{0, 0, 1, 0, 0};
const auto is_received = delivery_counts{0, 0, 0, 1, 0};
const auto is_lost = delivery_counts{0, 0, 0, 0, 1};
const auto is_dropped = delivery_counts{0, 0, 0, 0, 0, 1};

struct session_fixture : test::fixture {
  session_fixture() { start({}); }

  void start(session_config config,
             transport_kind type = transport_kind::websocket,
             const std::string& confirmed = "") {
    connection = std::make_shared<test::fake_transport>();
    connection->type = type;
    taken = 0;
    bus = spawn<test::fake_bus>();
    registry = spawn<waybill::registry>(bus, same_id::all);
    aut = spawn<session>(std::move(config), bus, registry, "456", connection,
                         confirmed);
    self->send(registry, join_atom_v, push_addresses{id456}, std::string{},
               connection->type, aut);
    run();
  }

  /// Starts a session that drops the oldest frames.
  void start_dropping(size_t max_queue) {
    session_config config;
    config.max_queue = max_queue;
    config.when_slow = slow_consumer::drop_oldest;
    start(config);
  }

  void push(const std::string& text) {
    inject(
      (deliver_atom, payload, uint64_t),
      from(self).to(aut).with(deliver_atom_v, make_text(text), uint64_t{0}));
  }

  /// Greets the session, which then reads its mailbox, if that may have
  /// entries.
  void greet(bool has_mail = true) {
    inject((greet_atom, bool), from(self).to(aut).with(greet_atom_v, has_mail));
    settle();
  }

  void written() {
    inject((written_atom), from(self).to(aut).with(written_atom_v));
  }

  void close(close_code code) {
    inject((close_atom, close_reason),
           from(self).to(aut).with(close_atom_v, close_reason{code, "why"}));
  }

  void pong(uint64_t number) {
    anon_send(aut, pong_atom_v, number);
    settle();
  }

  /// Lets the socket take all frames.
  void written_all() {
    settle();
    for (size_t i = taken; i < connection->written.size(); ++i) {
      anon_send(aut, written_atom_v);
      settle();
    }
    taken = connection->written.size();
  }

  /// Delivers a push that needs reports.
  void track(const std::string& text, receipt_level want) {
    waybill::push push{text, make_text(text)};
    push.want = want;
    push.reply_to = "n1";
    anon_send(aut, deliver_atom_v, id456, push);
    settle();
  }

  /// Delivers a push that needs reports and has other limits.
  void limit(const std::string& text, const std::string& collapse,
             std::chrono::milliseconds fresh = 0ms) {
    waybill::push push{text, make_text(text)};
    push.want = receipt_level::written;
    push.reply_to = "n1";
    push.collapse = collapse;
    push.fresh = fresh;
    anon_send(aut, deliver_atom_v, id456, push);
    settle();
  }

  /// Delivers a live push that the mailbox keeps, too.
  void keep(const std::string& text, std::chrono::milliseconds ttl = 10s) {
    anon_send(aut, deliver_atom_v, id456, kept(text, ttl));
    settle();
  }

  /// Adds a page to the mailbox; the entries have the names of their texts.
  void page(const test::texts& all, bool more = false) {
    inbox_page result;
    for (auto& text : all)
      result.pushes.push_back(kept(text, 10s));
    result.upto = "end";
    result.more = more;
    deref<test::fake_bus>(bus).pages.push_back(std::move(result));
  }

  static waybill::push kept(const std::string& text,
                            std::chrono::milliseconds ttl) {
    waybill::push result{text, make_text(text)};
    result.entry = text;
    result.ttl = ttl;
    return result;
  }

  /// Returns the delivery counts of all reports.
  std::vector<delivery_counts> reports() {
    settle();
    std::vector<delivery_counts> result;
    for (auto& report : deref<test::fake_bus>(bus).reports)
      result.push_back(std::get<delivery_counts>(report.content));
    return result;
  }

  /// Returns the requests to the bus that start with `word`.
  test::texts bus_requests(const std::string& word) {
    test::texts result;
    for (auto& line : deref<test::fake_bus>(bus).seen)
      if (line.starts_with(word))
        result.push_back(line);
    return result;
  }

  test::texts mailbox_reads() { return bus_requests("read"); }

  test::texts confirmed() { return bus_requests("confirm"); }

  bool is_up() {
    return !deref(aut).getf(caf::abstract_actor::is_terminated_flag);
  }

  std::shared_ptr<test::fake_transport> connection;
  size_t taken = 0;
  bus_actor bus;
  registry_actor registry;
  session_actor aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_tests, session_fixture)

CAF_TEST(writes nothing before it is reachable) {
  push("a");
  CAF_CHECK_EQUAL(connection->written, test::texts{});
  greet();
  CAF_CHECK_EQUAL(connection->written, test::texts{"连接成功!"});
}

CAF_TEST(writes one frame at a time in the order of the pushes) {
  greet();
  push("a");
  push("b");
  CAF_CHECK_EQUAL(connection->written, test::texts{"连接成功!"});
  written();
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "a"}));
  written();
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "a", "b"}));
}

CAF_TEST(goes on while the socket takes frames at once) {
  greet();
  for (auto text : {"a", "b", "c"})
    push(text);
  connection->room = 2;
  written();
  CAF_CHECK_EQUAL(connection->written,
                  (test::texts{"连接成功!", "a", "b", "c"}));
  CAF_MESSAGE("c is in flight");
  push("d");
  CAF_CHECK_EQUAL(connection->written.size(), 4u);
  connection->room = 2;
  written();
  push("e");
  CAF_CHECK_EQUAL(connection->written.size(), 6u);
  disallow((written_atom), to(aut));
  close(close_code::going_away);
  CAF_CHECK(connection->closed.has_value());
}

CAF_TEST(lets sockets be served between bursts of frames) {
  greet();
  for (int i = 0; i < 120; ++i)
    push("a");
  connection->room = 1000;
  written();
  CAF_CHECK_EQUAL(connection->written.size(), 51u);
  anon_send(aut, deliver_atom_v, make_text("b"), uint64_t{0});
  expect((written_atom), from(aut).to(aut));
  CAF_CHECK_EQUAL(connection->written.size(), 101u);
  settle();
  CAF_CHECK_EQUAL(connection->written.size(), 122u);
  CAF_CHECK_EQUAL(connection->written.back(), "b");
}

CAF_TEST(greets once) {
  greet();
  written();
  greet();
  push("a");
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "a"}));
}

CAF_TEST(without a greeting the first frame is a push) {
  session_config config;
  config.greeting = make_text("");
  start(config);
  greet();
  push("a");
  CAF_CHECK_EQUAL(connection->written, test::texts{"a"});
}

CAF_TEST(ends with 1013 when its queue is full) {
  session_config config;
  config.max_queue = 20;
  start(config);
  greet();
  written();
  push("0123456789");
  push("0123456789");
  CAF_CHECK(!connection->closed);
  push("x");
  CAF_REQUIRE(connection->closed);
  CAF_CHECK_EQUAL(connection->closed->code, close_code::try_again_later);
  CAF_MESSAGE("the frame in flight may complete, and no other follows");
  written();
  CAF_CHECK_EQUAL(connection->written,
                  (test::texts{"连接成功!", "0123456789"}));
  anon_send(aut, gone_atom_v);
  run();
  CAF_CHECK(!is_up());
  CAF_CHECK_EQUAL(figure(registry, metric::slow_clients), 1u);
  CAF_CHECK_EQUAL(figure(registry, metric::dropped_frames), 2u);
  CAF_CHECK_EQUAL(figure(registry, metric::sessions), 0u);
}

CAF_TEST(takes new pushes when the socket has taken old ones) {
  session_config config;
  config.max_queue = 20;
  start(config);
  greet();
  written();
  for (int i = 0; i < 10; ++i) {
    push("0123456789abcdef");
    written();
  }
  CAF_CHECK(!connection->closed);
  CAF_CHECK_EQUAL(connection->written.size(), 11u);
}

CAF_TEST(writes its queue before the close frame) {
  greet();
  push("a");
  close(close_code::going_away);
  CAF_CHECK(!connection->closed);
  written();
  CAF_CHECK(!connection->closed);
  written();
  CAF_REQUIRE(connection->closed);
  CAF_CHECK_EQUAL(connection->closed->code, close_code::going_away);
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "a"}));
}

CAF_TEST(greets before pushes even if it ends before it was reachable) {
  push("a");
  close(close_code::going_away);
  written();
  written();
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "a"}));
  CAF_CHECK(connection->closed.has_value());
}

CAF_TEST(takes pushes until its close frame and counts the later ones) {
  greet();
  close(close_code::going_away);
  push("a");
  written();
  written();
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "a"}));
  CAF_CHECK(connection->closed.has_value());
  push("b");
  anon_send(aut, gone_atom_v);
  run();
  CAF_CHECK_EQUAL(connection->written.size(), 2u);
  CAF_CHECK_EQUAL(figure(registry, metric::dropped_frames), 1u);
}

CAF_TEST(counts frames that a lost connection leaves unwritten) {
  greet();
  push("a");
  push("b");
  anon_send(aut, gone_atom_v);
  run();
  CAF_CHECK_EQUAL(figure(registry, metric::dropped_frames), 3u);
}

CAF_TEST(keeps the first reason for its end) {
  greet();
  close(close_code::replaced);
  close(close_code::going_away);
  written();
  CAF_REQUIRE(connection->closed);
  CAF_CHECK_EQUAL(connection->closed->code, close_code::replaced);
}

CAF_TEST(ends with its socket) {
  inject((gone_atom), from(self).to(aut).with(gone_atom_v));
  CAF_CHECK(!is_up());
}

CAF_TEST(gives up its addresses when it ends) {
  greet();
  push("aaaa");
  CAF_CHECK_EQUAL(bus_requests("detach"), test::texts{});
  close(close_code::token_expired);
  settle();
  CAF_MESSAGE("although its queue has not been written yet");
  CAF_CHECK(is_up());
  CAF_CHECK_EQUAL(bus_requests("detach"), test::texts{"detach id:456"});
}

CAF_TEST(echoes messages of its client without an upstream) {
  greet();
  written();
  inject((receive_atom, payload),
         from(self).to(aut).with(receive_atom_v, make_text("hello")));
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "hello"}));
}

CAF_TEST(answers heartbeats itself) {
  client_message last;
  session_config config;
  config.upstream = spawn_mock<upstream_actor>(
    {[&](const client_message& message) { last = message; }});
  config.heartbeats = std::make_shared<const heartbeats>(
    heartbeats{{"ping", make_text("pong")}, {"2", make_text("3")}});
  start(config);
  greet();
  written_all();
  for (auto text : {"ping", "2"}) {
    anon_send(aut, receive_atom_v, make_text(text));
    written_all();
  }
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "pong", "3"}));
  CAF_CHECK_EQUAL(last.id, "");
  CAF_MESSAGE("but passes on what is not quite one");
  for (auto& other : {make_text("ping "), make_text(""),
                      payload{payload::format::binary, "ping"}}) {
    anon_send(aut, receive_atom_v, other);
    settle();
    CAF_CHECK(last.body == other);
  }
  CAF_CHECK_EQUAL(connection->written.size(), 3u);
}

// -- receipts -----------------------------------------------------------------

CAF_TEST(reports when a push is written and when it is received) {
  greet();
  written();
  track("a", receipt_level::received);
  CAF_CHECK_EQUAL(reports(), (std::vector<delivery_counts>{}));
  written();
  CAF_CHECK_EQUAL(connection->pings, std::vector<uint64_t>{2});
  pong(2);
  CAF_CHECK_EQUAL(reports(),
                  (std::vector<delivery_counts>{is_written, is_received}));
}

CAF_TEST(pings in the write of the frame) {
  greet();
  written();
  track("a", receipt_level::received);
  CAF_CHECK_EQUAL(connection->pings, std::vector<uint64_t>{2});
  CAF_MESSAGE("a pong before the frame is written confirms nothing");
  pong(2);
  written();
  CAF_CHECK_EQUAL(reports(), std::vector<delivery_counts>{is_written});
  CAF_CHECK_EQUAL(connection->pings, (std::vector<uint64_t>{2, 2}));
  CAF_CHECK_EQUAL(connection->lone_pings, 1u);
  pong(2);
  CAF_CHECK_EQUAL(reports(),
                  (std::vector<delivery_counts>{is_written, is_received}));
}

CAF_TEST(reports at once what the socket takes at once) {
  connection->room = 1000;
  greet();
  track("a", receipt_level::received);
  CAF_CHECK_EQUAL(reports(), std::vector<delivery_counts>{is_written});
  CAF_CHECK_EQUAL(connection->pings, std::vector<uint64_t>{2});
  pong(2);
  CAF_CHECK_EQUAL(reports(),
                  (std::vector<delivery_counts>{is_written, is_received}));
}

CAF_TEST(sends no ping for frames that need no confirmation) {
  greet();
  written();
  push("a");
  written();
  track("b", receipt_level::written);
  written();
  CAF_CHECK_EQUAL(connection->pings, std::vector<uint64_t>{});
  CAF_CHECK_EQUAL(reports(), std::vector<delivery_counts>{is_written});
}

CAF_TEST(has one pending ping for all frames before it) {
  greet();
  written();
  for (auto text : {"a", "b", "c"})
    track(text, receipt_level::received);
  for (int i = 0; i < 3; ++i)
    written();
  CAF_CHECK_EQUAL(connection->pings, std::vector<uint64_t>{2});
  CAF_CHECK_EQUAL(connection->lone_pings, 0u);
  pong(2);
  CAF_CHECK_EQUAL(connection->pings, (std::vector<uint64_t>{2, 4}));
  CAF_CHECK_EQUAL(connection->lone_pings, 1u);
  CAF_CHECK_EQUAL(reports(),
                  (std::vector<delivery_counts>{is_written, is_written,
                                                is_written, is_received}));
  pong(4);
  CAF_CHECK_EQUAL(reports().size(), 6u);
}

CAF_TEST(ignores unsolicited pongs) {
  greet();
  written();
  track("a", receipt_level::received);
  written();
  pong(99);
  pong(0);
  CAF_CHECK_EQUAL(reports(), std::vector<delivery_counts>{is_written});
}

CAF_TEST(reports pushes that did not reach the requested level) {
  greet();
  written();
  track("read", receipt_level::received);
  written();
  pong(2);
  track("not read", receipt_level::received);
  written();
  track("not written", receipt_level::written);
  anon_send(aut, gone_atom_v);
  run();
  CAF_CHECK_EQUAL(reports(),
                  (std::vector<delivery_counts>{is_written, is_received,
                                                is_written, is_lost, is_lost}));
}

CAF_TEST(returns its details) {
  greet();
  push("abc");
  advance_time(5s);
  session_info found;
  auto response = self->request(aut, caf::infinite, get_atom_v);
  settle();
  response.receive([&](const session_info& x) { found = x; },
                   [&](caf::error& e) { CAF_FAIL(sys.render(e)); });
  auto size = session_config{}.greeting.size() + 3;
  CAF_CHECK(
    found == (session_info{"192.0.2.1:80", 5, size, "websocket", "curl/8.0"}));
}

// -- slow readers -------------------------------------------------------------

CAF_TEST(reports the frames that it dropped from a full queue) {
  session_config config;
  config.max_queue = 20;
  start(config);
  greet();
  written_all();
  track("0123456789", receipt_level::written);
  track("a", receipt_level::written);
  track("0123456789", receipt_level::received);
  CAF_CHECK(connection->closed.has_value());
  CAF_CHECK_EQUAL(reports(),
                  (std::vector<delivery_counts>{is_dropped, is_dropped}));
}

CAF_TEST(ends when too many frames are queued however small they are) {
  session_config config;
  config.max_queue_frames = 3;
  start(config);
  greet();
  for (int i = 0; i < 2; ++i)
    push("");
  CAF_CHECK(!connection->closed);
  push("");
  CAF_CHECK(connection->closed.has_value());
}

CAF_TEST(reports the growth and shrinkage of its queue to the registry) {
  greet();
  written_all();
  push(std::string(10'000, 'x'));
  written_all();
  CAF_CHECK_EQUAL(figure(registry, metric::queued_bytes), 0u);
  push(std::string(20'000, 'x'));
  CAF_CHECK_EQUAL(figure(registry, metric::queued_bytes), 20'128u);
  push(std::string(10'000, 'x'));
  CAF_CHECK_EQUAL(figure(registry, metric::queued_bytes), 20'128u);
  push(std::string(10'000, 'x'));
  CAF_CHECK_EQUAL(figure(registry, metric::queued_bytes), 40'384u);
  written_all();
  CAF_CHECK_EQUAL(figure(registry, metric::queued_bytes), 0u);
  CAF_MESSAGE("frames count even if they have no bytes");
  for (int i = 0; i < 200; ++i)
    push("");
  CAF_CHECK_EQUAL(figure(registry, metric::queued_bytes), 128u * 128u);
}

CAF_TEST(does not report a large push that the socket takes at once) {
  connection->room = 1000;
  greet();
  anon_send(aut, deliver_atom_v, make_text(std::string(100'000, 'x')),
            uint64_t{0});
  consume_message();
  disallow((load_atom, uint64_t), from(aut).to(registry));
  CAF_CHECK_EQUAL(connection->written.size(), 2u);
}

CAF_TEST(drops its queue at once when the queues of the node are full) {
  greet();
  written_all();
  push("under way");
  track("a", receipt_level::written);
  close(close_code::going_away);
  close(close_code::try_again_later);
  CAF_REQUIRE(connection->closed);
  CAF_CHECK_EQUAL(connection->closed->code, close_code::try_again_later);
  CAF_CHECK_EQUAL(reports(), std::vector<delivery_counts>{is_dropped});
}

CAF_TEST(drops its queue at once when its client sends too much) {
  greet();
  written_all();
  push("under way");
  push("a");
  close(close_code::policy_violation);
  CAF_REQUIRE(connection->closed);
  CAF_CHECK_EQUAL(connection->closed->code, close_code::policy_violation);
  anon_send(aut, gone_atom_v);
  run();
  CAF_CHECK_EQUAL(figure(registry, metric::flooding_clients), 1u);
  CAF_CHECK_EQUAL(figure(registry, metric::dropped_frames), 2u);
}

CAF_TEST(drops the oldest frame that is not in flight and goes on) {
  start_dropping(20);
  greet();
  written_all();
  push("0123456789");
  track("a", receipt_level::received);
  track("b", receipt_level::written);
  push("cdefghijk");
  CAF_MESSAGE("no more than necessary");
  CAF_CHECK_EQUAL(reports(), std::vector<delivery_counts>{is_dropped});
  CAF_CHECK_EQUAL(figure(registry, metric::dropped_frames), 1u);
  written_all();
  CAF_CHECK(!connection->closed);
  CAF_CHECK_EQUAL(connection->written,
                  (test::texts{"连接成功!", "0123456789", "b", "cdefghijk"}));
  CAF_CHECK_EQUAL(figure(registry, metric::slow_clients), 0u);
}

CAF_TEST(drops a frame that does not fit beside the frame in flight) {
  start_dropping(20);
  greet();
  written_all();
  push("0123456789");
  push("a");
  push("0123456789a");
  written_all();
  CAF_CHECK_EQUAL(connection->written,
                  (test::texts{"连接成功!", "0123456789"}));
  CAF_CHECK_EQUAL(figure(registry, metric::dropped_frames), 2u);
  CAF_CHECK_EQUAL(mailbox_reads().size(), 1u);
}

CAF_TEST(drops frames that are not kept before kept ones) {
  start_dropping(20);
  greet();
  written_all();
  push("0123456789");
  keep("1");
  push("a");
  push("bcdefghij");
  written_all();
  CAF_CHECK_EQUAL(connection->written,
                  (test::texts{"连接成功!", "0123456789", "1", "bcdefghij"}));
  CAF_CHECK_EQUAL(mailbox_reads().size(), 1u);
}

CAF_TEST(reads again from its mailbox the pushes that did not fit) {
  start_dropping(20);
  greet();
  written_all();
  keep("1");
  keep("2abcdefghi");
  keep("3abcdefghi");
  CAF_MESSAGE("2 and 3 are left to the mailbox");
  push("live");
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "1"}));
  CAF_CHECK_EQUAL(mailbox_reads().size(), 1u);
  page({"2abcdefghi"}, true);
  page({"3abcdefghi", "4"});
  written_all();
  CAF_CHECK_EQUAL(
    mailbox_reads(),
    (test::texts{"read id:456 after  upto ", "read id:456 after 1 upto ",
                 "read id:456 after 2abcdefghi upto "
                 "end"}));
  CAF_MESSAGE("in order and once each");
  CAF_CHECK_EQUAL(
    connection->written,
    (test::texts{"连接成功!", "1", "2abcdefghi", "3abcdefghi", "4", "live"}));
  CAF_CHECK(!connection->closed);
}

CAF_TEST(confirms no entry behind one that it has not written yet) {
  start_dropping(20);
  greet();
  written_all();
  keep("1");
  keep("2abcdefghi");
  keep("3abcdefghi");
  page({"2abcdefghi"}, true);
  written_all();
  pong(2);
  CAF_CHECK_EQUAL(confirmed(), test::texts{"confirm id:456 1"});
}

CAF_TEST(does not read a mailbox that was empty) {
  keep("1");
  greet(false);
  written_all();
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "1"}));
  CAF_CHECK_EQUAL(mailbox_reads(), test::texts{});
}

CAF_TEST(ignores the page of an outdated mailbox query) {
  start_dropping(20);
  keep("1abcdefghi");
  keep("2abcdefghi");
  anon_send(aut, greet_atom_v, true);
  CAF_MESSAGE("while the query is pending the queue fills up");
  page({"1abcdefghi", "2abcdefghi"});
  keep("3abcdefghi");
  page({"1abcdefghi", "2abcdefghi", "3abcdefghi"});
  written_all();
  CAF_CHECK_EQUAL(
    connection->written,
    (test::texts{"连接成功!", "1abcdefghi", "2abcdefghi", "3abcdefghi"}));
}

CAF_TEST(does not read its mailbox again while it is held) {
  start_dropping(20);
  greet();
  written_all();
  anon_send(aut, hold_atom_v);
  settle();
  keep("1abcdefghi");
  keep("2abcdefghi");
  keep("3abcdefghi");
  written_all();
  CAF_CHECK_EQUAL(mailbox_reads().size(), 1u);
  page({"1abcdefghi", "2abcdefghi", "3abcdefghi"});
  greet();
  written_all();
  CAF_CHECK_EQUAL(connection->written.size(), 4u);
}

// -- the mailbox --------------------------------------------------------------

CAF_TEST(writes its mailbox before live pushes) {
  page({"1", "2"});
  push("live");
  greet();
  written_all();
  CAF_CHECK_EQUAL(connection->written,
                  (test::texts{"连接成功!", "1", "2", "live"}));
}

CAF_TEST(writes a live push that is in the mailbox once) {
  page({"1", "2"});
  push("before 2");
  keep("2");
  keep("3");
  push("after 3");
  greet();
  written_all();
  CAF_MESSAGE("and keeps the order of arrival");
  CAF_CHECK_EQUAL(
    connection->written,
    (test::texts{"连接成功!", "1", "before 2", "2", "3", "after 3"}));
}

CAF_TEST(reads the next page when the last one has been written) {
  page({"1"}, true);
  page({"2"});
  greet();
  push("live");
  CAF_CHECK_EQUAL(mailbox_reads(), test::texts{"read id:456 after  upto "});
  written_all();
  CAF_CHECK_EQUAL(
    mailbox_reads(),
    (test::texts{"read id:456 after  upto ", "read id:456 after 1 upto end"}));
  CAF_CHECK_EQUAL(connection->written,
                  (test::texts{"连接成功!", "1", "2", "live"}));
}

CAF_TEST(confirms the last entry that its client has read) {
  page({"1", "2"});
  greet();
  written_all();
  CAF_CHECK_EQUAL(connection->pings, std::vector<uint64_t>{2});
  pong(2);
  CAF_CHECK_EQUAL(confirmed(), test::texts{"confirm id:456 1"});
  pong(3);
  CAF_CHECK_EQUAL(confirmed(),
                  (test::texts{"confirm id:456 1", "confirm id:456 2"}));
}

CAF_TEST(reads on after its last entry when pushes were missed) {
  greet();
  keep("1");
  written_all();
  anon_send(aut, hold_atom_v);
  settle();
  push("live");
  written_all();
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "1"}));
  page({"2"});
  greet();
  written_all();
  CAF_CHECK_EQUAL(mailbox_reads(), (test::texts{"read id:456 after  upto ",
                                                "read id:456 after 1 upto "}));
  CAF_CHECK_EQUAL(connection->written,
                  (test::texts{"连接成功!", "1", "2", "live"}));
}

CAF_TEST(writes no expired push) {
  greet();
  keep("1", 10ms);
  keep("2", 1s);
  advance_time(10ms);
  written_all();
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "2"}));
}

CAF_TEST(leaves unread entries to the next session) {
  push("live");
  keep("1");
  close(close_code::going_away);
  written_all();
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "live"}));
  CAF_CHECK(connection->closed.has_value());
}

CAF_TEST(waits a second for confirmations before it ends) {
  greet();
  keep("1");
  close(close_code::going_away);
  written_all();
  CAF_CHECK(!connection->closed);
  pong(2);
  CAF_CHECK(connection->closed.has_value());
  CAF_CHECK_EQUAL(confirmed(), test::texts{"confirm id:456 1"});
  start({});
  greet();
  keep("1");
  close(close_code::going_away);
  written_all();
  advance_time(1s);
  settle();
  CAF_CHECK(connection->closed.has_value());
}

CAF_TEST(ends even if its client reads no frame) {
  greet();
  track("a", receipt_level::received);
  close(close_code::kicked);
  advance_time(9s);
  settle();
  CAF_CHECK(!connection->closed);
  advance_time(1s);
  settle();
  CAF_REQUIRE(connection->closed);
  CAF_CHECK(connection->closed->code == close_code::kicked);
  CAF_CHECK_EQUAL(reports(), std::vector<delivery_counts>{is_lost});
}

CAF_TEST(ignores input after it was closed for cause) {
  for (auto code : {close_code::token_expired, close_code::going_away}) {
    start({});
    greet();
    close(code);
    anon_send(aut, receive_atom_v, make_text("echo"));
    written_all();
    auto is_heard = code == close_code::going_away;
    CAF_CHECK_EQUAL(connection->written.size(), is_heard ? 2u : 1u);
  }
}

CAF_TEST(ends when too many frames are unconfirmed) {
  session_config config;
  config.max_queue_frames = 2;
  start(config);
  greet();
  written_all();
  for (auto text : {"a", "b"}) {
    track(text, receipt_level::received);
    written_all();
  }
  CAF_CHECK(!connection->closed);
  track("c", receipt_level::received);
  written_all();
  CAF_REQUIRE(connection->closed);
  CAF_CHECK(connection->closed->code == close_code::try_again_later);
}

CAF_TEST(writes nothing after too many frames are unconfirmed) {
  session_config config;
  config.max_queue_frames = 3;
  start(config);
  greet();
  written_all();
  for (auto text : {"a", "b"})
    track(text, receipt_level::received);
  connection->room = 1;
  written();
  CAF_CHECK_EQUAL(connection->written.size(), 3u);
  for (auto text : {"c", "d", "e"})
    track(text, receipt_level::received);
  connection->room = 1000;
  written();
  CAF_CHECK_EQUAL(connection->written.size(), 5u);
  CAF_REQUIRE(connection->closed);
  CAF_CHECK(connection->closed->code == close_code::try_again_later);
}

// -- event streams ------------------------------------------------------------

CAF_TEST(greets a stream even without a text) {
  session_config config;
  config.greeting = {};
  start(config, transport_kind::events);
  greet();
  CAF_CHECK_EQUAL(connection->written, test::texts{""});
  start(config);
  greet();
  CAF_CHECK_EQUAL(connection->written, test::texts{});
}

CAF_TEST(confirms the entry that a stream came with and reads on behind it) {
  start({}, transport_kind::events, "1");
  CAF_CHECK_EQUAL(confirmed(), test::texts{});
  page({"2"});
  push("live");
  greet();
  written_all();
  CAF_CHECK_EQUAL(confirmed(), test::texts{"confirm id:456 1"});
  CAF_CHECK_EQUAL(mailbox_reads(), test::texts{"read id:456 after 1 upto "});
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "2", "live"}));
}

CAF_TEST(reads on behind the entry of a stream after its queue was dropped) {
  session_config config;
  config.max_queue = 20;
  config.when_slow = slow_consumer::drop_oldest;
  start(config, transport_kind::events, "1");
  greet();
  written_all();
  connection->room = 0;
  push("in flight");
  keep("2abcdefghi");
  keep("3abcdefghi");
  page({"2abcdefghi"});
  written_all();
  CAF_CHECK_EQUAL(mailbox_reads(), (test::texts{"read id:456 after 1 upto ",
                                                "read id:456 after 1 upto "}));
}

CAF_TEST(a push that a stream has confirmed by connecting comes no more) {
  start({}, transport_kind::events, "1700000000000-12");
  auto live = [this](const std::string& entry, receipt_level want) {
    auto push = kept(entry, 10s);
    push.want = want;
    push.reply_to = want == receipt_level::routed ? "" : "n1";
    anon_send(aut, deliver_atom_v, id456, push);
    settle();
  };
  CAF_MESSAGE("its node lags and hears of them late");
  live("1700000000000-9", receipt_level::routed);
  live("1700000000000-12", receipt_level::received);
  live("1700000000000-13", receipt_level::routed);
  greet();
  written_all();
  CAF_CHECK_EQUAL(connection->written,
                  (test::texts{"连接成功!", "1700000000000-13"}));
  CAF_MESSAGE("the receipt says that the client has it");
  CAF_CHECK_EQUAL(reports(),
                  (std::vector<delivery_counts>{{0, 0, 1}, {0, 0, 0, 1}}));
}

CAF_TEST(reports what a stream has confirmed by a request) {
  start({}, transport_kind::events);
  greet();
  written_all();
  track("a", receipt_level::received);
  keep("1");
  keep("2");
  written_all();
  CAF_CHECK_EQUAL(reports(), std::vector<delivery_counts>{is_written});
  anon_send(aut, confirm_atom_v, std::string{"1"});
  CAF_MESSAGE("and what it was sent before that");
  CAF_CHECK_EQUAL(reports(),
                  (std::vector<delivery_counts>{is_written, is_received}));
  CAF_CHECK_EQUAL(confirmed(), test::texts{"confirm id:456 1"});
  anon_send(aut, confirm_atom_v, std::string{"unknown"});
  settle();
  CAF_CHECK_EQUAL(confirmed(), test::texts{"confirm id:456 1"});
}

CAF_TEST(does not wait for confirmations of a stream before it ends) {
  start({}, transport_kind::events);
  greet();
  keep("1");
  close(close_code::going_away);
  written_all();
  CAF_CHECK(connection->closed.has_value());
}

CAF_TEST(closes its connection when it fails) {
  greet();
  written_all();
  connection->broken = true;
  push("a");
  settle();
  CAF_CHECK(!is_up());
  CAF_REQUIRE(connection->closed);
  CAF_CHECK(connection->closed->code == close_code::internal_error);
}

CAF_TEST(a push supersedes an older one of its key that waits) {
  greet();
  limit("a", "k");
  push("b");
  limit("c", "k");
  limit("d", "other");
  delivery_counts superseded;
  superseded.superseded = 1;
  CAF_CHECK_EQUAL(reports(), std::vector<delivery_counts>{superseded});
  written_all();
  CAF_CHECK_EQUAL(connection->written,
                  (test::texts{"连接成功!", "b", "c", "d"}));
  CAF_MESSAGE("nothing was dropped");
  CAF_CHECK_EQUAL(figure(registry, metric::dropped_frames), 0u);
}

CAF_TEST(a push that was read from the mailbox gives way to a live one) {
  page({"a"});
  deref<test::fake_bus>(bus).pages.back().pushes[0].collapse = "k";
  auto newer = kept("b", 10s);
  newer.collapse = "k";
  anon_send(aut, deliver_atom_v, id456, newer);
  settle();
  greet();
  written_all();
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "b"}));
}

CAF_TEST(a push is not written when it is no longer fresh) {
  greet();
  limit("a", "", 1s);
  limit("b", "", 2s);
  advance_time(1s);
  written_all();
  CAF_CHECK_EQUAL(connection->written, (test::texts{"连接成功!", "b"}));
  delivery_counts expired, done;
  expired.expired = 1;
  done.written = 1;
  CAF_CHECK_EQUAL(reports(), (std::vector<delivery_counts>{expired, done}));
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace session_suite
