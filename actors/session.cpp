#include "actors/session.hpp"

#include <string>
#include <utility>

namespace waybill {

namespace {

/// How long a session that ends in order waits for its client to confirm what
/// it got: what is not confirmed would be sent again.
constexpr auto last_confirmation = std::chrono::seconds{1};

/// How long a session that ends in order writes what is queued, for a client
/// that reads slowly or not at all.
constexpr auto last_frames = std::chrono::seconds{10};

/// About how much memory a frame takes until its client confirms it, in bytes.
constexpr size_t unread_size = 256;

/// How much the memory of a queue changes before the registry is told.
constexpr size_t load_step = 16 * 1024;

const auto too_slow = close_reason{close_code::try_again_later,
                                   "you read too slowly: the queue is full"};

} // namespace

session::session(caf::actor_config& cfg, caf::execution_unit* host,
                 session_config config, bus_actor bus, registry_actor registry,
                 std::string id, transport_ptr connection)
    : hosted(cfg, host), config_(std::move(config)), bus_(std::move(bus)),
      registry_(std::move(registry)), id_(std::move(id)),
      where_(push_address::id(id_)), since_(clock().now()),
      connection_(std::move(connection)),
      backlog_(config_.max_queue, config_.max_queue_frames) {
  // nop
}

const char* session::name() const {
  return "waybill.session";
}

void session::on_exit() {
  // The registry refers to its sessions. The socket is bound to the loop, which
  // this actor may outlive: a message that is delayed keeps it.
  registry_ = nullptr;
  auto connection = std::exchange(connection_, nullptr);
  if (connection && !closed_)
    connection->close({close_code::internal_error, "this session failed"});
}

session::behavior_type session::make_behavior() {
  return {
    [this](greet_atom) {
      reachable_ = true;
      greet();
      if (!confirmed_.empty())
        send(bus_, confirm_atom_v, where_, confirmed_);
      if (behind_ && !ending_)
        read_mailbox();
      write_next();
    },
    [this](hold_atom) {
      reachable_ = false;
      stop_reading();
    },
    [this](deliver_atom, const payload& body, uint64_t delivery) {
      enqueue_frame({body, nullptr, delivery});
    },
    [this](deliver_atom, const push_address& where, const push& what) {
      deliver(where, what);
    },
    [this](written_atom) { on_written(); },
    [this](pong_atom, uint64_t number) { on_pong(number); },
    [this](receive_atom, const payload& message) {
      // Who must go has no more to say; who is to come to another node has.
      if (ending_ && ending_->code != close_code::going_away)
        return;
      if (config_.upstream)
        send(config_.upstream, client_message{id_, message});
      else
        enqueue_frame({message});
    },
    [this](close_atom, const close_reason& why) {
      if (why.code == close_code::try_again_later
          || why.code == close_code::policy_violation)
        cut_off(why);
      else
        end(why);
    },
    [this](tick_atom) {
      out_of_time_ = true;
      if (clock().now() >= deadline_ && !closed_)
        give_up(&tally::lost);
      else
        write_next();
    },
    [this](trace_atom) { return passages_.as_hops(id_, connection_->peer()); },
    [this](gone_atom) {
      if (backlog_.is_writing())
        drop(backlog_.written(), &tally::lost);
      drop(backlog_.clear(), &tally::lost);
      for (auto& each : unread_)
        if (each.tracked->want == level::received)
          tell(*each.tracked, &tally::lost);
      tell_passages();
      connection_ = nullptr;
      auto is_ending
        = [this](close_code code) { return ending_ && ending_->code == code; };
      if (is_ending(close_code::try_again_later))
        quit({errc::too_slow, dropped_});
      else if (is_ending(close_code::policy_violation))
        quit({errc::too_fast, dropped_});
      else if (dropped_ > 0)
        quit({errc::dropped, dropped_});
      else
        quit();
    },
  };
}

void session::greet() {
  if (greeted_)
    return;
  greeted_ = true;
  if (config_.greeting.size() == 0)
    return;
  backlog_.put_first({config_.greeting});
}

void session::end(const close_reason& why) {
  if (ending_)
    return;
  ending_ = why;
  send(registry_, close_atom_v, why);
  deadline_ = clock().now() + last_frames;
  delayed_send(this, last_frames, tick_atom_v);
  // What the mailbox keeps is for the next session if this one has not read it
  // to its end: the client would confirm what comes first in it, too.
  drop(backlog_.clear_kept_held(), &tally::lost);
  backlog_.release();
  // A client takes its first frame for the greeting, so that must stand before
  // pushes that came while this session waited for its own.
  if (backlog_.first())
    greet();
  write_next();
}

void session::deliver(const push_address& where, const push& what) {
  if (what.what == push::purpose::inspect) {
    report mine{what.id, what.reply_to};
    auto age = clock().now() - since_;
    mine.details.push_back(
      {"", connection_->peer(),
       uint64_t(std::chrono::duration_cast<std::chrono::seconds>(age).count()),
       backlog_.bytes()});
    send(bus_, report_atom_v, where, std::move(mine));
    return;
  }
  enqueue_frame(make_frame(where, what));
}

frame session::make_frame(const push_address& where, const push& what) {
  return {what.body,
          std::make_unique<const ticket>(where, what, clock().now())};
}

void session::enqueue_frame(frame what) {
  if (closed_ || (ending_ && behind_ && is_kept(what)))
    return drop(what, &tally::lost);
  auto fits = backlog_.has_room(what.body.size());
  if (!fits && config_.when_slow == slow_consumer::close) {
    drop(what, &tally::dropped);
    return cut_off(too_slow);
  }
  if (!fits && !make_room(what))
    drop(what, &tally::dropped);
  else if (behind_ && !ending_)
    backlog_.hold(std::move(what));
  else
    backlog_.put(std::move(what));
  if (!fits)
    send(registry_, count_atom_v, std::string{"dropped_frames"},
         std::exchange(dropped_, 0));
  report_load();
  write_next();
}

bool session::make_room(const frame& what) {
  auto size = what.body.size();
  auto kept = is_kept(what);
  drop(backlog_.make_room(size), &tally::dropped);
  if (!backlog_.has_room(size) && (kept || backlog_.has_waiting())) {
    // To confirm a later entry is to confirm all before it, so whoever misses
    // one must not be sent any until it has read that.
    drop(backlog_.clear(), &tally::dropped);
    stop_reading();
    more_ = true;
  }
  return backlog_.has_room(size);
}

void session::cut_off(close_reason why) {
  if (closed_)
    return;
  // What waits cannot be written to a client that does not read, or does
  // nothing but send. It would only keep the client from learning why this
  // ends.
  ending_ = std::move(why);
  send(registry_, close_atom_v, *ending_);
  give_up(&tally::dropped);
}

void session::give_up(uint64_t tally::*why) {
  drop(backlog_.clear(), why);
  // Nobody will ask a session whose id it has no more.
  tell_passages();
  report_load();
  closed_ = true;
  connection_->close(*ending_);
}

void session::tell_passages() {
  if (auto known = passages_.as_hops(id_, connection_->peer()); !known.empty())
    send(registry_, trace_atom_v, std::move(known));
  passages_ = {};
}

void session::report_load() {
  auto load = backlog_.memory() + unread_size * unread_.size();
  if (load < reported_ + load_step && load + load_step > reported_
      && (load > 0 || reported_ == 0))
    return;
  reported_ = load;
  send(registry_, load_atom_v, uint64_t{load});
}

// -- the mailbox --------------------------------------------------------------

void session::read_mailbox() {
  more_ = false;
  auto query = ++query_;
  request(
    registry_, caf::infinite, read_atom_v,
    mailbox_query{where_, backlog_.last_entry(), upto_, config_.max_queue / 2})
    .then(
      [this, query](const mailbox_page& page) {
        if (query == query_)
          on_page(page);
      },
      [](const caf::error&) {
        // The registry answers once the mailbox can be read, unless it ends,
        // and with it the node.
      });
}

void session::stop_reading() {
  behind_ = true;
  more_ = false;
  ++query_;
  upto_.clear();
}

void session::on_page(const mailbox_page& page) {
  if (ending_)
    return;
  // What came live, too, brings along what was pushed before it.
  for (auto& each : page.pushes)
    if (!backlog_.release_to(each.entry))
      backlog_.put(make_frame(where_, each));
  upto_ = page.upto;
  more_ = page.more;
  if (!page.more) {
    behind_ = false;
    backlog_.release();
  }
  report_load();
  write_next();
}

// -- what is told -------------------------------------------------------------

void session::on_written() {
  auto done = backlog_.written();
  passages_.written(done, ++written_);
  if (done.tracked) {
    auto& what = *done.tracked;
    if (what.want != level::routed)
      tell(what, &tally::written);
    if (what.want == level::received || !what.entry.empty())
      unread_.push_back({written_, std::move(done.tracked)});
    if (unread_.size() > config_.max_queue_frames)
      return cut_off(too_slow);
    ping();
  }
  report_load();
  write_next();
}

void session::ping() {
  if (pinged_ > 0 || unread_.empty() || closed_)
    return;
  pinged_ = written_;
  connection_->ping(pinged_);
}

void session::on_pong(uint64_t number) {
  // A client may send pongs that nobody asked for.
  if (number == 0 || number != pinged_)
    return;
  pinged_ = 0;
  passages_.received(number);
  auto before = confirmed_;
  for (; !unread_.empty() && unread_.front().number <= number;
       unread_.pop_front()) {
    auto& read = *unread_.front().tracked;
    if (read.want == level::received)
      tell(read, &tally::received);
    if (!read.entry.empty())
      confirmed_ = read.entry;
  }
  if (confirmed_ != before)
    send(bus_, confirm_atom_v, where_, confirmed_);
  report_load();
  ping();
  write_next();
}

void session::tell(const ticket& about, uint64_t tally::*part) {
  if (about.reply_to.empty())
    return;
  report result{about.id, about.reply_to};
  result.counts.*part = 1;
  send(bus_, report_atom_v, about.where, std::move(result));
}

void session::drop(const frame& what, uint64_t tally::*why) {
  ++dropped_;
  passages_.dropped(what);
  if (what.tracked)
    tell(*what.tracked, why);
}

void session::drop(const frames& all, uint64_t tally::*why) {
  for (auto& each : all)
    drop(each, why);
}

void session::write_next() {
  if (backlog_.is_writing() || closed_)
    return;
  auto is_late = [this](const frame& x) {
    return x.tracked && x.tracked->expiry <= clock().now();
  };
  while (greeted_ && backlog_.first() && is_late(*backlog_.first()))
    drop(backlog_.take_first(), &tally::lost);
  if (greeted_ && backlog_.first()) {
    connection_->write(backlog_.begin());
  } else if (ending_) {
    closed_ = !may_confirm();
    if (closed_)
      connection_->close(*ending_);
  } else if (more_ && reachable_) {
    read_mailbox();
  }
}

bool session::may_confirm() {
  if (unread_.empty() || out_of_time_)
    return false;
  if (!lingering_) {
    lingering_ = true;
    delayed_send(this, last_confirmation, tick_atom_v);
  }
  return true;
}

} // namespace waybill
