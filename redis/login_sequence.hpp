#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "redis/resp.hpp"
#include "redis/url.hpp"

namespace waybill::redis {

/// State machine of the login of a connection: the commands that it sends, and
/// the meaning of their replies. It does no I/O.
class login_sequence {
public:
  enum class phase : uint8_t {
    /// Replies are pending.
    pending,
    /// All steps have been accepted.
    done,
    /// Redis refused a step.
    failed,
  };

  /// Constructs a sequence without steps, which never ends.
  login_sequence() = default;

  /// @param wants_id reads the id of the connection, too.
  login_sequence(const server_url& url, bool wants_id);

  /// Returns the commands, in their order: AUTH, SELECT and ROLE as the URL
  /// requires, and CLIENT ID.
  const std::vector<command>& steps() const noexcept { return steps_; }

  /// Handles the reply to the next step.
  /// @pre the sequence is pending, and has that step
  phase on_reply(const reply& reply);

  /// Returns the reason why the login failed.
  const std::string& reason() const noexcept { return reason_; }

  /// Returns the CLIENT ID of the connection; 0 if unknown.
  uint64_t client_id() const noexcept { return client_id_; }

private:
  phase fail(std::string reason);

  std::vector<command> steps_;

  /// Number of steps that have been accepted.
  size_t accepted_ = 0;

  /// Required reply to ROLE.
  std::string role_;
  std::string reason_;
  uint64_t client_id_ = 0;
};

} // namespace waybill::redis
