#include "actors/session.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace waybill {

namespace {

/// How long a session that ends in order waits for its client to confirm what
/// it got: what is not confirmed would be sent again.
constexpr auto last_confirmation = std::chrono::seconds{1};

} // namespace

session::session(caf::actor_config& cfg, caf::execution_unit* host,
                 session_config config, bus_actor bus, registry_actor registry,
                 std::string id, transport_ptr connection)
    : hosted(cfg, host), config_(std::move(config)), bus_(std::move(bus)),
      registry_(std::move(registry)), id_(std::move(id)),
      where_(push_address::id(id_)), since_(clock().now()),
      connection_(std::move(connection)) {
  // nop
}

const char* session::name() const {
  return "waybill.session";
}

void session::on_exit() {
  // The registry refers to its sessions. The socket is bound to the loop, which
  // this actor may outlive: a message that is delayed keeps it.
  registry_ = nullptr;
  connection_ = nullptr;
}

session::behavior_type session::make_behavior() {
  return {
    [this](greet_atom) {
      greet();
      if (!confirmed_.empty())
        send(bus_, confirm_atom_v, where_, confirmed_);
      if (behind_ && !ending_)
        read_mailbox();
      write_next();
    },
    [this](hold_atom) {
      behind_ = true;
      reading_ = false;
      ++query_;
      upto_.clear();
    },
    [this](deliver_atom, const payload& body) { enqueue_frame({body}); },
    [this](deliver_atom, const push_address& where, const push& what) {
      deliver(where, what);
    },
    [this](written_atom) { on_written(); },
    [this](pong_atom, uint64_t number) { on_pong(number); },
    [this](receive_atom, const payload& message) {
      if (config_.upstream)
        send(config_.upstream, client_message{id_, message});
      else
        enqueue_frame({message});
    },
    [this](close_atom, const close_reason& why) { end(why); },
    [this](tick_atom) {
      out_of_time_ = true;
      write_next();
    },
    [this](gone_atom) {
      release();
      for (auto& each : queue_)
        drop(each);
      for (auto& each : unread_)
        if (each.tracked->what.want == level::received)
          tell(*each.tracked, &tally::lost);
      if (ending_ && ending_->code == close_code::try_again_later)
        quit({errc::too_slow, dropped_});
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
  queue_.push_front({config_.greeting});
  queued_bytes_ += config_.greeting.size();
}

void session::end(const close_reason& why) {
  if (ending_)
    return;
  ending_ = why;
  // What the mailbox keeps is for the next session if this one has not read it
  // to its end: the client would confirm what comes first in it, too.
  for (auto& each : std::exchange(held_, {}))
    if (is_kept(each))
      drop(each);
    else
      append(std::move(each));
  // A client takes its first frame for the greeting, so that must stand before
  // pushes that came while this session waited for its own.
  if (!queue_.empty())
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
       queued_bytes_});
    send(bus_, report_atom_v, where, std::move(mine));
    return;
  }
  enqueue_frame(make_frame(where, what));
}

session::frame session::make_frame(const push_address& where,
                                   const push& what) {
  return {what.body, std::make_unique<const ticket>(
                       ticket{where, what, clock().now() + what.ttl})};
}

void session::enqueue_frame(frame what) {
  if (closed_ || (ending_ && behind_ && is_kept(what)))
    return drop(what);
  if (queued_bytes_ + what.body.size() > config_.max_queue) {
    // What waits cannot be written to a client that does not read. It would
    // only keep the client from learning why this ends.
    drop(what);
    release();
    for (size_t kept = writing_ ? 1 : 0; queue_.size() > kept;
         queue_.pop_back())
      drop(queue_.back());
    ending_ = close_reason{close_code::try_again_later,
                           "you read too slowly: the queue is full"};
    closed_ = true;
    connection_->close(*ending_);
    return;
  }
  queued_bytes_ += what.body.size();
  if (behind_ && !ending_) {
    held_.push_back(std::move(what));
    return;
  }
  append(std::move(what));
  write_next();
}

bool session::is_kept(const frame& x) {
  return x.tracked && !x.tracked->what.entry.empty();
}

void session::append(frame what) {
  if (is_kept(what))
    last_entry_ = what.tracked->what.entry;
  queue_.push_back(std::move(what));
}

// -- the mailbox --------------------------------------------------------------

void session::read_mailbox() {
  reading_ = true;
  auto query = ++query_;
  request(registry_, caf::infinite, read_atom_v,
          mailbox_query{where_, last_entry_, upto_, config_.max_queue / 2})
    .then(
      [this, query](const mailbox_page& page) {
        if (query == query_)
          on_page(page);
      },
      [this, query](const caf::error& why) {
        // Without the bus it will be read when there is one again.
        if (query == query_ && why == errc::refused)
          end({close_code::internal_error, "your mailbox cannot be read"});
      });
}

void session::on_page(const mailbox_page& page) {
  reading_ = false;
  if (ending_)
    return;
  for (auto& each : page.pushes) {
    auto is_same = [&](const frame& x) {
      return is_kept(x) && x.tracked->what.entry == each.entry;
    };
    auto live = std::find_if(held_.begin(), held_.end(), is_same);
    if (live == held_.end()) {
      queued_bytes_ += each.body.size();
      append(make_frame(where_, each));
      continue;
    }
    // It came live, too, and with it what was pushed before it.
    for (auto i = held_.begin(); i != live + 1; ++i)
      append(std::move(*i));
    held_.erase(held_.begin(), live + 1);
  }
  upto_ = page.upto;
  if (!page.more) {
    behind_ = false;
    release();
  }
  write_next();
}

void session::release() {
  for (auto& each : held_)
    append(std::move(each));
  held_.clear();
}

// -- what is told -------------------------------------------------------------

void session::on_written() {
  auto done = std::move(queue_.front());
  queue_.pop_front();
  queued_bytes_ -= done.body.size();
  writing_ = false;
  ++written_;
  if (done.tracked) {
    auto& what = done.tracked->what;
    if (what.want != level::routed)
      tell(*done.tracked, &tally::written);
    if (what.want == level::received || !what.entry.empty())
      unread_.push_back({written_, std::move(done.tracked)});
    ping();
  }
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
  auto before = confirmed_;
  for (; !unread_.empty() && unread_.front().number <= number;
       unread_.pop_front()) {
    auto& read = *unread_.front().tracked;
    if (read.what.want == level::received)
      tell(read, &tally::received);
    if (!read.what.entry.empty())
      confirmed_ = read.what.entry;
  }
  if (confirmed_ != before)
    send(bus_, confirm_atom_v, where_, confirmed_);
  ping();
  write_next();
}

void session::tell(const ticket& about, uint64_t tally::*part) {
  if (about.what.reply_to.empty())
    return;
  report result{about.what.id, about.what.reply_to};
  result.counts.*part = 1;
  send(bus_, report_atom_v, about.where, std::move(result));
}

void session::drop(const frame& what) {
  ++dropped_;
  if (what.tracked)
    tell(*what.tracked, &tally::lost);
}

void session::write_next() {
  if (writing_ || closed_)
    return;
  auto is_late = [this](const frame& x) {
    return x.tracked && x.tracked->what.ttl.count() > 0
           && x.tracked->expiry <= clock().now();
  };
  while (greeted_ && !queue_.empty() && is_late(queue_.front())) {
    drop(queue_.front());
    queued_bytes_ -= queue_.front().body.size();
    queue_.pop_front();
  }
  if (greeted_ && !queue_.empty()) {
    writing_ = true;
    connection_->write(queue_.front().body);
  } else if (ending_) {
    closed_ = !may_confirm();
    if (closed_)
      connection_->close(*ending_);
  } else if (behind_ && greeted_ && !reading_ && !upto_.empty()) {
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
