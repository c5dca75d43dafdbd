#include "actors/session.hpp"

#include <string>

namespace waybill {

session::session(caf::actor_config& cfg, caf::execution_unit* host,
                 session_config config, std::string id,
                 transport_ptr connection)
    : hosted(cfg, host), config_(std::move(config)), id_(std::move(id)),
      connection_(std::move(connection)) {
  // nop
}

const char* session::name() const {
  return "waybill.session";
}

session::behavior_type session::make_behavior() {
  return {
    [this](greet_atom) {
      greet();
      write_next();
    },
    [this](deliver_atom, const payload& frame) { enqueue_frame(frame); },
    [this](written_atom) {
      queued_bytes_ -= queue_.front().size();
      queue_.pop_front();
      writing_ = false;
      write_next();
    },
    [this](receive_atom, const payload& message) {
      if (config_.upstream)
        send(config_.upstream, client_message{id_, message});
      else
        enqueue_frame(message);
    },
    [this](close_atom, const close_reason& why) {
      if (ending_)
        return;
      ending_ = why;
      // A client takes its first frame for the greeting, so that must stand
      // before pushes that came while this session waited for its own.
      if (!queue_.empty())
        greet();
      write_next();
    },
    [this](gone_atom) {
      dropped_ += queue_.size();
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
  queue_.push_front(config_.greeting);
  queued_bytes_ += config_.greeting.size();
}

void session::enqueue_frame(const payload& frame) {
  if (closed_) {
    ++dropped_;
    return;
  }
  if (queued_bytes_ + frame.size() > config_.max_queue) {
    // What waits cannot be written to a client that does not read. It would
    // only keep the client from learning why this ends.
    size_t kept = writing_ ? 1 : 0;
    dropped_ += 1 + queue_.size() - kept;
    queue_.resize(kept);
    ending_ = close_reason{close_code::try_again_later,
                           "you read too slowly: the queue is full"};
    closed_ = true;
    connection_->close(*ending_);
    return;
  }
  queued_bytes_ += frame.size();
  queue_.push_back(frame);
  write_next();
}

void session::write_next() {
  if (writing_ || closed_)
    return;
  if (greeted_ && !queue_.empty()) {
    writing_ = true;
    connection_->write(queue_.front());
  } else if (ending_) {
    closed_ = true;
    connection_->close(*ending_);
  }
}

} // namespace waybill
