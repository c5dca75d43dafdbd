#include "actors/session.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "actors/core/delivery_span.hpp"

namespace waybill {

namespace {

/// Estimated memory of a frame that its client has not confirmed, in bytes.
constexpr size_t unread_size = 256;

/// Change of a queue's memory that is reported to the registry, in bytes.
constexpr size_t load_step = 16 * 1024;

/// Limits the frames that a session writes before sockets are served again.
constexpr size_t max_burst = 50;

const auto too_slow = close_reason{close_code::try_again_later,
                                   "you read too slowly: your queue is full"};

/// Returns the answer to a heartbeat; null if the message is none.
const payload* find_answer(const session_config& config,
                           const payload& message) {
  if (!config.heartbeats || message.type() != payload::format::text)
    return nullptr;
  auto found = config.heartbeats->find(message.bytes());
  return found == config.heartbeats->end() ? nullptr : &found->second;
}

/// Returns whether the client should confirm a frame.
bool needs_confirmation(const delivery_info& delivery) {
  return delivery.want == receipt_level::received || !delivery.entry.empty();
}

/// Returns the name of a count of deliveries that failed.
std::string failure_name(uint64_t delivery_counts::*part) {
  return part == &delivery_counts::lost         ? "lost"
         : part == &delivery_counts::superseded ? "superseded"
         : part == &delivery_counts::expired    ? "expired"
                                                : "dropped";
}

/// Returns the numbers of a mailbox entry, which order the entries.
std::pair<uint64_t, uint64_t> numbers_of(std::string_view entry) {
  auto number = [](std::string_view text) {
    uint64_t result = 0;
    std::from_chars(text.data(), text.data() + text.size(), result);
    return result;
  };
  auto dash = std::min(entry.find('-'), entry.size());
  return {number(entry.substr(0, dash)),
          number(entry.substr(std::min(dash + 1, entry.size())))};
}

/// Returns whether a client has confirmed a frame, by an entry of its mailbox.
bool is_confirmed(const frame& x, const std::string& confirmed) {
  return is_kept(x) && !confirmed.empty()
         && numbers_of(x.tracked->entry) <= numbers_of(confirmed);
}

} // namespace

session::session(caf::actor_config& cfg, caf::execution_unit* host,
                 session_config config, bus_actor bus, registry_actor registry,
                 std::string id, transport_ptr connection,
                 std::string confirmed)
    : hosted(cfg, host), config_(std::move(config)), bus_(std::move(bus)),
      registry_(std::move(registry)), id_(std::move(id)),
      address_(push_address::id(id_)), since_(clock().now()),
      connection_(std::move(connection)),
      send_queue_(config_.max_queue, config_.max_queue_frames),
      greeting_(config_.greeting), confirmed_(std::move(confirmed)) {
  send_queue_.skip_to(confirmed_);
}

const char* session::name() const {
  return "waybill.session";
}

void session::on_exit() {
  // Breaks the reference cycle with the registry. A delayed message may keep
  // this actor longer than the loop that the socket belongs to.
  registry_ = nullptr;
  auto connection = std::exchange(connection_, nullptr);
  if (connection && !lifecycle_.is_closed())
    connection->close({close_code::internal_error, "this session failed"});
}

session::behavior_type session::make_behavior() {
  return {
    [this](greet_atom, bool has_mail) { on_reachable(has_mail); },
    [this](hold_atom) { reader_.on_unreachable(); },
    [this](deliver_atom, const payload& body, uint64_t delivery) {
      enqueue_frame({body, nullptr, delivery});
    },
    [this](deliver_atom, const push_address& address, const push& push) {
      enqueue_frame(make_frame(address, push));
    },
    [this](written_atom) { on_written(); },
    [this](pong_atom, uint64_t number) { on_pong(number); },
    [this](confirm_atom, const std::string& entry) { on_confirm(entry); },
    [this](receive_atom, const payload& message) { on_message(message); },
    [this](close_atom, const close_reason& reason) { on_close(reason); },
    [this](tick_atom) { execute(lifecycle_.on_timeout(clock().now())); },
    [this](trace_atom) { return history_.events(id_, connection_->peer()); },
    [this](get_atom) { return info(); },
    [this](gone_atom) { on_gone(); },
  };
}

void session::on_reachable(bool has_mail) {
  greet();
  if (!confirmed_.empty())
    send(bus_, confirm_atom_v, address_, confirmed_);
  if (!lifecycle_.is_ending()) {
    if (auto next = reader_.on_reachable(has_mail))
      request_page(*next);
    if (reader_.is_done())
      send_queue_.release();
  }
  write_next();
}

void session::on_message(const payload& message) {
  if (!lifecycle_.takes_input())
    return;
  if (auto answer = find_answer(config_, message))
    enqueue_frame({*answer});
  else if (config_.upstream)
    send(config_.upstream, client_message{id_, message});
  else
    enqueue_frame({message});
}

void session::greet() {
  lifecycle_.on_greeted();
  auto greeting = std::exchange(greeting_, std::nullopt);
  if (greeting && (greeting->size() > 0 || is_stream(connection_->kind())))
    send_queue_.put_first({*std::move(greeting), nullptr, 0, true});
}

session_info session::info() {
  auto age = clock().now() - since_;
  return {
    connection_->peer(),
    uint64_t(std::chrono::duration_cast<std::chrono::seconds>(age).count()),
    send_queue_.bytes(), to_string(connection_->kind()),
    connection_->user_agent()};
}

frame session::make_frame(const push_address& address, const push& push) {
  return {push.body,
          std::make_unique<const delivery_info>(address, push, clock().now())};
}

void session::enqueue_frame(frame frame) {
  if (lifecycle_.is_closed()
      || (lifecycle_.is_ending() && !reader_.is_done() && is_kept(frame)))
    return drop(frame, &delivery_counts::lost);
  // A node that lags may get a push after its client has connected with the
  // entry of it, which confirms it.
  if (!reader_.is_done() && is_confirmed(frame, confirmed_)) {
    send_report(*frame.tracked, &delivery_counts::written);
    if (frame.tracked->want == receipt_level::received)
      send_report(*frame.tracked, &delivery_counts::received);
    return;
  }
  if (frame.tracked && !frame.tracked->collapse.empty())
    drop(send_queue_.supersede(frame), &delivery_counts::superseded);
  auto fits = send_queue_.has_room(frame.body.size());
  if (!fits && config_.when_slow == slow_consumer::close) {
    drop(frame, &delivery_counts::dropped);
    return on_close(too_slow);
  }
  if (!fits && !make_room(frame))
    drop(frame, &delivery_counts::dropped);
  else if (!reader_.is_done() && !lifecycle_.is_ending())
    send_queue_.hold(std::move(frame));
  else
    send_queue_.put(std::move(frame));
  if (!fits)
    send(registry_, drop_atom_v, std::exchange(dropped_, 0));
  write_next();
  report_load();
}

bool session::make_room(const frame& frame) {
  auto size = frame.body.size();
  auto kept = is_kept(frame);
  drop(send_queue_.make_room(size), &delivery_counts::dropped);
  if (!send_queue_.has_room(size) && (kept || send_queue_.has_waiting())) {
    // A confirmation covers all earlier entries, so a client that misses one
    // gets no later one until it has read that.
    drop(send_queue_.clear(), &delivery_counts::dropped);
    reader_.on_dropped();
  }
  return send_queue_.has_room(size);
}

void session::report_load() {
  auto load = send_queue_.memory() + unread_size * unread_.size();
  if (load < reported_ + load_step && load + load_step > reported_
      && (load > 0 || reported_ == 0))
    return;
  reported_ = load;
  send(registry_, load_atom_v, uint64_t{load});
}

// -- the mailbox --------------------------------------------------------------

void session::request_page(const inbox_reader::page_request& next) {
  request(registry_, caf::infinite, read_atom_v,
          inbox_query{address_, send_queue_.last_entry(), next.upto,
                      config_.max_queue / 2})
    .then(
      [this, number = next.number](const inbox_page& page) {
        if (reader_.wants(number))
          on_page(page);
      },
      [](const caf::error&) {
        // The registry answers when the mailbox can be read; it fails only
        // when the node ends.
      });
}

void session::on_page(const inbox_page& page) {
  if (lifecycle_.is_ending())
    return;
  // A kept push that also arrived live releases the held frames up to it. One
  // that a held frame supersedes has left the mailbox meanwhile.
  for (auto& push : page.pushes)
    if (!send_queue_.release_to(push.entry)
        && (push.collapse.empty() || !send_queue_.has_held(push.collapse)))
      send_queue_.put(make_frame(address_, push));
  reader_.on_page(page.upto, page.more);
  if (reader_.is_done())
    send_queue_.release();
  write_next();
  report_load();
}

// -- confirmations and reports ------------------------------------------------

void session::on_written() {
  finish_frame();
  write_next();
}

void session::finish_frame() {
  auto done = send_queue_.written();
  history_.written(done, ++written_);
  if (done.tracked) {
    auto& delivery = *done.tracked;
    if (delivery.want != receipt_level::routed)
      send_report(delivery, &delivery_counts::written);
    auto traced = is_traced(delivery);
    if (traced)
      send(config_.spans, make_delivery_span(delivery, connection_->peer()));
    if (needs_confirmation(delivery))
      unread_.push_back(
        {written_, std::move(done.tracked), traced ? trace_time() : 0});
    if (unread_.size() > config_.max_queue_frames)
      return on_close(too_slow);
    ping();
  }
  report_load();
}

void session::ping() {
  if (pinged_ > 0 || unread_.empty() || lifecycle_.is_closed()
      || !connection_->answers_pings())
    return;
  connection_->ping(written_);
  pinged_ = written_;
}

bool session::write(const frame& frame) {
  if (pinged_ > 0 || !frame.tracked || !needs_confirmation(*frame.tracked)
      || !connection_->answers_pings())
    return connection_->write(frame, 0);
  // Both in one system call.
  pinged_ = written_ + 1;
  return connection_->write(frame, pinged_);
}

void session::on_pong(uint64_t number) {
  // A client may send unsolicited pongs.
  if (number == 0 || number != pinged_)
    return;
  pinged_ = 0;
  confirm(number);
}

void session::on_confirm(const std::string& entry) {
  auto found
    = std::find_if(unread_.begin(), unread_.end(), [&](const unread_frame& x) {
        return x.tracked->entry == entry;
      });
  if (found != unread_.end())
    confirm(found->number);
}

void session::confirm(uint64_t number) {
  history_.received(number);
  auto before = confirmed_;
  for (; !unread_.empty() && unread_.front().number <= number;
       unread_.pop_front()) {
    auto& read = *unread_.front().tracked;
    if (read.want == receipt_level::received)
      send_report(read, &delivery_counts::received);
    if (auto written = unread_.front().written; written > 0)
      send(config_.spans,
           make_receive_span(read, connection_->peer(), written));
    if (!read.entry.empty())
      confirmed_ = read.entry;
  }
  if (confirmed_ != before)
    send(bus_, confirm_atom_v, address_, confirmed_);
  report_load();
  ping();
  write_next();
}

void session::send_report(const delivery_info& delivery,
                          uint64_t delivery_counts::*part) {
  if (delivery.reply_to.empty())
    return;
  delivery_counts counts;
  counts.*part = 1;
  send(bus_, report_atom_v, delivery.address,
       report{delivery.id, delivery.reply_to, counts});
}

void session::drop(const frame& frame, uint64_t delivery_counts::*part) {
  if (part == &delivery_counts::dropped || part == &delivery_counts::lost)
    ++dropped_;
  history_.dropped(frame);
  if (!frame.tracked)
    return;
  send_report(*frame.tracked, part);
  if (is_traced(*frame.tracked))
    send(config_.spans, make_delivery_span(*frame.tracked, connection_->peer(),
                                           failure_name(part)));
}

void session::drop(const frames& all, uint64_t delivery_counts::*part) {
  for (auto& frame : all)
    drop(frame, part);
}

bool session::is_traced(const delivery_info& delivery) const {
  return delivery.traced && config_.spans;
}

void session::write_next() {
  auto is_expired = [this](const frame& x) {
    return x.tracked && x.tracked->expiry <= clock().now();
  };
  for (size_t count = 1; !send_queue_.is_writing() && lifecycle_.may_write();
       ++count) {
    while (send_queue_.first() && is_expired(*send_queue_.first()))
      drop(send_queue_.take_first(), &delivery_counts::expired);
    if (!send_queue_.first()) {
      report_load();
      return execute(lifecycle_.on_queue_written(pinged_ == 0));
    }
    if (!write(send_queue_.begin()))
      return;
    // The last frame of a burst counts as in flight until the next turn.
    if (count == max_burst)
      return send(this, written_atom_v);
    finish_frame();
  }
}

} // namespace waybill
