#include "redis/login_sequence.hpp"

#include <cassert>
#include <utility>

namespace waybill::redis {

login_sequence::login_sequence(const server_url& url, bool wants_id)
    : role_(url.role) {
  if (!url.password.empty()) {
    command auth{"AUTH", url.password};
    if (!url.user.empty())
      auth.insert(auth.begin() + 1, url.user);
    steps_.push_back(std::move(auth));
  }
  // SELECT is sent for database 0, too: it fails while Redis loads, or without
  // AUTH.
  if (!url.db.empty())
    steps_.push_back({"SELECT", url.db});
  if (!url.role.empty())
    steps_.push_back({"ROLE"});
  if (wants_id)
    steps_.push_back({"CLIENT", "ID"});
}

login_sequence::phase login_sequence::on_reply(const reply& reply) {
  assert(accepted_ < steps_.size());
  auto& name = steps_[accepted_][0];
  // The user may lack the permission for CLIENT ID.
  if (name == "CLIENT" && reply.type == reply::kind::number)
    client_id_ = static_cast<uint64_t>(reply.number);
  else if (name != "CLIENT" && reply.type == reply::kind::error)
    return fail(reply.text);
  if (name == "ROLE" && (reply.items.empty() || reply.items[0].text != role_))
    return fail("this Redis is no " + role_);
  return ++accepted_ == steps_.size() ? phase::done : phase::pending;
}

login_sequence::phase login_sequence::fail(std::string reason) {
  reason_ = std::move(reason);
  return phase::failed;
}

} // namespace waybill::redis
