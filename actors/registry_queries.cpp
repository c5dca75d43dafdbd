// The registry: answers queries.

#include "actors/registry.hpp"

#include <memory>
#include <utility>

namespace waybill {

void registry::on(const push_address& address, const query& query) {
  switch (query.type) {
  case query::kind::sessions:
    return report_sessions(address, query);
  case query::kind::trace:
    return report_trace(address, query);
  case query::kind::metrics:
    return send(collector_, report_atom_v, address, query);
  case query::kind::members:
    return report_answer(address, query,
                         delivery_counts{1, sessions_at(address).size()});
  case query::kind::subscribe:
    return subscribe(address, query);
  case query::kind::unsubscribe:
    return unsubscribe(address, query);
  case query::kind::forget:
    forget_value(address);
    return report_answer(address, query, delivery_counts{1});
  case query::kind::ranking:
    return report_answer(address, query, rank());
  }
}

ranking registry::rank() {
  ranking result;
  for (auto& [key, entry] : sessions_.entries()) {
    auto address = push_address::from_key(key);
    if (!entry.sessions.empty() && (address.is_id() || address.is_topic()))
      add_to(address.is_id() ? result.ids : result.topics, address.name(),
             entry.sessions.size());
  }
  auto& queues = loads_.by_size();
  for (auto i = queues.rbegin();
       i != queues.rend() && result.queues.size() < ranking::max_size; ++i)
    if (auto member = sessions_.find(i->second);
        member && !member->joined.empty())
      result.queues.push_back(
        {std::string{member->joined.front().name()}, member->peer, i->first});
  return result;
}

void registry::report_answer(const push_address& address, const query& query,
                             report::content_type content) {
  send(bus_, report_atom_v, address,
       report{query.id, query.reply_to, std::move(content)});
}

void registry::report_sessions(const push_address& address,
                               const query& query) {
  auto sessions = sessions_at(address);
  gather<session_info>(
    sessions,
    [this, address, query,
     sessions](std::vector<std::optional<session_info>>& found) {
      session_list result;
      for (size_t i = 0; i < found.size(); ++i)
        if (found[i]) {
          found[i]->topics = topics_of(sessions[i].id());
          result.sessions.push_back(*std::move(found[i]));
        }
      result.total = result.sessions.size();
      report_answer(address, query, std::move(result));
    },
    get_atom_v);
}

std::vector<std::string> registry::topics_of(caf::actor_id session) {
  std::vector<std::string> result;
  if (auto member = sessions_.find(session))
    for (auto& address : member->joined)
      if (address.is_topic())
        result.emplace_back(address.name());
  return result;
}

void registry::report_trace(const push_address& address, const query& query) {
  using parts = std::vector<std::optional<trace_events>>;
  auto append = [](trace_events& to, const parts& from) {
    for (auto& part : from)
      if (part)
        to.insert(to.end(), part->begin(), part->end());
  };
  // Sessions come last: one that ends meanwhile moves its events to `trace_`.
  gather<trace_events>(
    gateways_,
    [=, this](const parts& of_gateways) {
      gather<trace_events>(
        sessions_at(push_address::id(query.subject)),
        [=, this](const parts& of_sessions) {
          auto all = delivery_log_.events(query.subject);
          append(all, of_gateways);
          append(all, of_sessions);
          report_answer(address, query,
                        trace_.of(query.subject, std::move(all)));
        },
        trace_atom_v);
    },
    trace_atom_v, query.subject);
}

std::vector<session_actor> registry::sessions_at(const push_address& address) {
  auto entry = sessions_.find(address);
  return entry ? session_table::sessions_of(*entry)
               : std::vector<session_actor>{};
}

template <class T, class Handle, class... Ts>
void registry::gather(
  const std::vector<Handle>& actors,
  std::function<void(std::vector<std::optional<T>>&)> handler,
  const Ts&... question) {
  struct gathered {
    std::vector<std::optional<T>> all;
    size_t missing;
  };
  auto size = actors.size();
  auto found = std::make_shared<gathered>(
    gathered{std::vector<std::optional<T>>(size), size});
  if (actors.empty())
    return handler(found->all);
  auto on_response = [found, handler = std::move(handler)] {
    if (--found->missing == 0)
      handler(found->all);
  };
  for (size_t i = 0; i < size; ++i)
    request(actors[i], caf::infinite, question...)
      .then(
        [i, found, on_response](T& part) {
          found->all[i] = std::move(part);
          on_response();
        },
        [on_response](const caf::error&) { on_response(); });
}

} // namespace waybill
