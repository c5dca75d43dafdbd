#pragma once

#include <string>

#include "actors/messages.hpp"

namespace waybill::redis {

/// The errors that Redis answers to those who need a function of it; each is
/// empty if the function works.
struct check_result {
  /// To read a mailbox.
  std::string reading;

  /// To keep a push.
  std::string keeping;

  /// To claim an id.
  std::string claiming;
};

/// Knows what a Redis does for its bridge: follows the link, what comes back on
/// it, and the errors that Redis answers.
class health {
public:
  /// @param claims is set if a session can do nothing without a claim.
  explicit health(bool claims) : claims_(claims) {
    // nop
  }

  /// Both connections are there, and nothing is known of them.
  void on_link_up();

  void on_link_down(const std::string& reason);

  /// All that this node holds is subscribed, and a canary came back.
  void on_canary() noexcept { heard_ = true; }

  /// The reply to a canary came: empty, or an error.
  void on_canary_reply(const std::string& error) { canary_error_ = error; }

  /// It is known how many nodes have this node's name.
  void on_named() noexcept { named_ = true; }

  /// Another node of this name came first; or an empty text, if none does.
  void on_rival(const std::string& reason) { rival_ = reason; }

  /// Redis has tried what is needed.
  void on_check(check_result result);

  /// Redis takes no commands now, or is no master.
  void on_stopped(const std::string& error) { stopped_ = error; }

  bus_status status() const;

private:
  const bool claims_;
  bool linked_ = false;
  bool heard_ = false;
  bool checked_ = false;
  bool named_ = false;
  std::string away_ = "Redis was not reached yet";
  std::string canary_error_;
  std::string rival_;
  std::string stopped_;
  check_result check_;
};

} // namespace waybill::redis
