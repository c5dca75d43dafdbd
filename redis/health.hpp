#pragma once

#include <string>

#include "actors/messages.hpp"

namespace waybill::redis {

/// The errors of Redis for each function that is needed; empty if it works.
struct check_result {
  /// Reading a mailbox.
  std::string reading;

  /// Storing a push.
  std::string keeping;

  /// Claiming an id.
  std::string claiming;
};

/// Derives the status of the bus from the link, its canaries, and the errors
/// that Redis replies.
class health {
public:
  /// @param claims is set if sessions must claim their ids.
  explicit health(bool claims) : claims_(claims) {
    // nop
  }

  /// Both connections are open; all earlier results are void.
  void on_link_up();

  void on_link_down(const std::string& reason);

  /// All addresses are subscribed, and a canary returned.
  void on_canary() noexcept { heard_ = true; }

  /// PUBLISH of a canary was replied to: with an error, or an empty text.
  void on_canary_reply(const std::string& error) { canary_error_ = error; }

  /// Other nodes of this name would have been detected by now.
  void on_named() noexcept { named_ = true; }

  /// An older node of this name exists; or an empty text, if there is none.
  void on_rival(const std::string& reason) { rival_ = reason; }

  /// Redis tried the commands that are needed.
  void on_check(check_result result);

  /// Redis accepts no commands now.
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
