#include "net/api/audit.hpp"

#include <type_traits>
#include <variant>

#include "net/log_fields.hpp"
#include "net/quote.hpp"

namespace waybill::net {

namespace {

/// Returns the action of a request; empty if it is none to be logged.
std::string action_of(const request& request) {
  if (auto kick = std::get_if<kick_request>(&request))
    return "kick of " + quote(kick->address.name());
  if (auto mailbox = std::get_if<mailbox_request>(&request))
    return mailbox->clears
             ? "removal of the mailbox of " + quote(mailbox->address.name())
             : "";
  if (auto push = std::get_if<push_request>(&request))
    return push->address == push_address::everyone() ? "broadcast" : "";
  return "";
}

std::string line_of(const api_call& call, const std::string& action) {
  auto& key = call.allowed.pusher;
  auto address = address_of(call.request);
  auto id = address && address->is_id() ? address->name() : std::string_view{};
  return log_fields({{"id", id}, {"peer", call.client.text()}, {"key", key}})
         + "audit: " + action + " by " + call.client.text()
         + (key.empty() ? "" : " with the key " + quote(key));
}

} // namespace

std::optional<std::string> audit_line(const api_call& call) {
  auto action = action_of(call.request);
  if (action.empty())
    return std::nullopt;
  return line_of(call, action);
}

std::string audit_line(const api_call& call, size_t broadcasts) {
  return line_of(call,
                 "broadcast, " + std::to_string(broadcasts) + " in a batch");
}

} // namespace waybill::net
