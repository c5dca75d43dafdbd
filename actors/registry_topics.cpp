// The registry: topics that the backend adds to sessions.

#include "actors/registry.hpp"

#include <algorithm>
#include <utility>

namespace waybill {

void registry::keep_topics(const push_address& address,
                           const kept_topics& topics) {
  auto entry = sessions_.find(address);
  if (!entry)
    return;
  for (auto& [topic, ttl] : topics)
    entry->kept_topics[std::string{topic.name()}] = clock().now() + ttl;
  for (auto member : movable_members(address))
    join_kept_topics(*member);
}

void registry::join_kept_topics(member& member) {
  auto now = clock().now();
  for (auto& [name, end] : sessions_.id_of(member).kept_topics)
    if (now < end)
      join_topic(member, push_address::topic(name));
}

void registry::join_topic(member& member, const push_address& topic) {
  if (std::find(member.joined.begin(), member.joined.end(), topic)
      != member.joined.end())
    return;
  if (sessions_.join(member, topic))
    attach_address(topic, *sessions_.find(topic));
  on_joined(topic, member.session);
}

void registry::subscribe(const push_address& address, const query& query) {
  auto members = movable_members(address);
  auto topic = push_address::topic(query.subject);
  // Sessions that drain end without the topic: that is no answer for them.
  if (members.empty() && !sessions_at(address).empty())
    return;
  if (members.empty())
    return report_answer(address, query, delivery_counts{1});
  if (query.ttl.count() > 0)
    sessions_.find(address)->kept_topics[query.subject]
      = clock().now() + query.ttl;
  for (auto member : members)
    join_topic(*member, topic);
  when_attached(*sessions_.find(topic),
                [this, address, query, count = members.size()] {
                  report_answer(address, query, delivery_counts{1, count});
                });
}

void registry::unsubscribe(const push_address& address, const query& query) {
  auto members = movable_members(address);
  auto topic = push_address::topic(query.subject);
  if (auto entry = sessions_.find(address))
    entry->kept_topics.erase(query.subject);
  for (auto member : members) {
    if (sessions_.leave(*member, topic))
      detach_address(topic, [] {});
    // It may have waited for nothing but this topic.
    greet(*member);
  }
  report_answer(address, query, delivery_counts{1, members.size()});
}

std::vector<registry::member*>
registry::movable_members(const push_address& address) {
  std::vector<member*> result;
  // A node that drains has begun to give up its addresses.
  if (draining_)
    return result;
  for (auto& session : sessions_at(address))
    result.push_back(sessions_.find(session));
  return result;
}

} // namespace waybill
