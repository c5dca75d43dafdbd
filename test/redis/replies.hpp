#pragma once

#include <string>
#include <vector>

#include <caf/test/dsl.hpp>

#include "redis/resp.hpp"

namespace waybill::test {

inline redis::reply number_reply(int64_t number) {
  return {redis::reply::kind::number, number};
}

inline redis::reply text_reply(std::string text) {
  return {redis::reply::kind::text, 0, std::move(text)};
}

inline redis::reply list_of(std::vector<redis::reply> items) {
  return {redis::reply::kind::list, 0, "", std::move(items)};
}

/// Returns a server as `CLUSTER SLOTS` of Redis 7.0 has it.
inline redis::reply server_of(std::string host, int64_t port) {
  return list_of({text_reply(std::move(host)), number_reply(port),
                  text_reply("e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca"),
                  list_of({})});
}

/// Returns a range of slots: the master is the first server.
inline redis::reply range_of(int64_t first, int64_t last,
                             std::vector<redis::reply> servers) {
  servers.insert(servers.begin(), {number_reply(first), number_reply(last)});
  return list_of(std::move(servers));
}

} // namespace waybill::test
