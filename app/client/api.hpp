#pragma once

#include <chrono>
#include <stdexcept>
#include <string>

#include "app/client/node_access.hpp"

namespace waybill::app {

/// A request to the API of a node. Hides Beast, which is slow to compile, from
/// the commands.
struct api_request {
  /// `GET`, `POST`, `PUT` or `DELETE`.
  std::string method;

  /// Path and query, percent-encoded.
  std::string target;

  /// Longest time that the node is told to wait.
  std::chrono::milliseconds wait{0};

  std::string body = {};

  /// Empty without a body.
  std::string content_type = {};

  /// Value of `Idempotency-Key`; empty for none.
  std::string idempotency_key = {};
};

/// The answer of a node.
struct api_answer {
  unsigned status = 0;

  /// A JSON document, unless something between here and the node answered.
  std::string body;

  /// Tells whether the node did what it was asked for: 200 or 202.
  bool is_success() const noexcept { return status == 200 || status == 202; }

  /// Describes a failure in one line: `404 nobody: nobody holds this address`.
  std::string failure() const;
};

/// A node that cannot be reached, or that does not answer.
class api_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Sends a request to a node, and waits for its answer.
/// @throws api_error if there is none.
api_answer call(const node_access& to, const api_request& request);

} // namespace waybill::app
