#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "net/api.hpp"

namespace waybill::net {

/// What a pusher asks for besides the push.
struct push_options {
  /// How far the answer waits, and for how long at most.
  level want = level::routed;
  std::chrono::milliseconds wait{5000};

  /// For how long the push is kept; 0: not at all.
  std::chrono::seconds ttl{0};
};

/// Parses the parameters of a push. What is unknown is refused, not ignored:
/// nobody must believe that they asked for more than they get.
/// @param may_keep says whether `ttl` is one of them.
std::variant<push_options, answer>
parse_push_options(const std::map<std::string, std::string>& query,
                   bool may_keep);

/// A line of a batch.
struct batch_line {
  push_address where;
  std::string message;
  std::chrono::seconds ttl{0};
};

/// Parses `{"to":"456","message":"…","ttl":0}` and the like.
std::variant<batch_line, answer> parse_line(std::string_view text);

/// Makes the answer to a request for which the bus had none.
answer to_answer(const caf::error& why);

/// Pushes the body of `what` to `where`.
void handle_push(api_context& context, const push_address& where, request what,
                 timer_type& timer, answer_handler then);

/// Returns how many pushes `handle_batch` makes of a body.
size_t count_lines(std::string_view body);

/// Makes each line of the body of `what` a push: `POST /push`.
void handle_batch(api_context& context, request what, timer_type& timer,
                  answer_handler then);

/// Closes all sessions of an id.
void handle_kick(api_context& context, const push_address& where,
                 timer_type& timer, answer_handler then);

} // namespace waybill::net
