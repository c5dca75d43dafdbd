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
  }
}

void registry::report_answer(const push_address& address, const query& query,
                             report::content_type content) {
  send(bus_, report_atom_v, address,
       report{query.id, query.reply_to, std::move(content)});
}

void registry::report_sessions(const push_address& address,
                               const query& query) {
  gather<session_info>(
    address, get_atom_v,
    [this, address, query](std::vector<session_info>& found) {
      report_answer(address, query,
                    session_list{found.size(), std::move(found)});
    });
}

void registry::report_trace(const push_address& address, const query& query) {
  gather<trace_events>(
    push_address::id(query.subject), trace_atom_v,
    [this, address, query](const std::vector<trace_events>& parts) {
      trace_events all;
      for (auto& part : parts)
        all.insert(all.end(), part.begin(), part.end());
      report_answer(address, query, trace_.of(query.subject, std::move(all)));
    });
}

template <class T, class Atom>
void registry::gather(const push_address& address, Atom atom,
                      std::function<void(std::vector<T>&)> handler) {
  auto entry = sessions_.find(address);
  if (!entry || entry->sessions.empty()) {
    std::vector<T> none;
    return handler(none);
  }
  struct gathered {
    std::vector<T> all;
    size_t missing;
  };
  auto found = std::make_shared<gathered>(gathered{{}, entry->sessions.size()});
  auto on_response = [found, handler = std::move(handler)] {
    if (--found->missing == 0)
      handler(found->all);
  };
  for (auto& [number, session] : entry->sessions)
    request(session, caf::infinite, atom)
      .then(
        [found, on_response](T& part) {
          found->all.push_back(std::move(part));
          on_response();
        },
        [on_response](const caf::error&) { on_response(); });
}

} // namespace waybill
