#include "redis/slot_table.hpp"

#include <algorithm>
#include <utility>

#include <caf/error.hpp>
#include <caf/sec.hpp>

namespace waybill::redis {

namespace {

/// Reads a server: its host, its port, and members that are not needed.
endpoint server_of(const reply& x, const endpoint& asked) {
  auto& host = x.items[0].text;
  // Null if the server does not know its own address; `?` if it has no host
  // name but should announce one.
  auto is_named
    = x.items[0].type == reply::kind::text && !host.empty() && host != "?";
  return {is_named ? host : asked.host, std::to_string(x.items[1].number)};
}

bool is_server(const reply& x) {
  return x.items.size() >= 2 && x.items[1].type == reply::kind::number
         && x.items[1].number > 0;
}

/// Checks a range of slots: its first and last, its master, its replicas.
bool is_range(const reply& x) {
  if (x.items.size() < 3 || x.items[0].type != reply::kind::number
      || x.items[1].type != reply::kind::number)
    return false;
  auto first = x.items[0].number;
  auto last = x.items[1].number;
  return first >= 0 && first <= last && last < static_cast<int64_t>(slot_count)
         && std::all_of(x.items.begin() + 2, x.items.end(), is_server);
}

} // namespace

std::string to_string(const endpoint& x) {
  return x.host + ':' + x.port;
}

endpoint to_endpoint(std::string_view text, const endpoint& asked) {
  // An IPv6 address has colons of its own.
  auto colon = text.rfind(':');
  if (colon == text.npos)
    return asked;
  auto host = text.substr(0, colon);
  return {std::string{host.empty() || host == "?" ? asked.host : host},
          std::string{text.substr(colon + 1)}};
}

caf::expected<slot_table> slot_table::parse(const reply& x,
                                            const endpoint& asked) {
  if (x.type != reply::kind::list)
    return make_error(caf::sec::invalid_argument, x.type == reply::kind::error
                                                    ? x.text
                                                    : "an unexpected reply");
  slot_table result;
  for (auto& range : x.items) {
    if (!is_range(range))
      return make_error(caf::sec::invalid_argument, "an unexpected reply");
    auto& master = result.add(server_of(range.items[2], asked));
    for (auto slot = range.items[0].number; slot <= range.items[1].number;
         ++slot)
      master.slots.set(static_cast<size_t>(slot));
    for (size_t i = 3; i < range.items.size(); ++i)
      result.replicas_.push_back(server_of(range.items[i], asked));
  }
  std::sort(result.replicas_.begin(), result.replicas_.end());
  auto repeated = std::unique(result.replicas_.begin(), result.replicas_.end());
  result.replicas_.erase(repeated, result.replicas_.end());
  return result;
}

std::vector<endpoint> slot_table::servers() const {
  std::vector<endpoint> result;
  for (auto& master : masters_)
    result.push_back(master.server);
  result.insert(result.end(), replicas_.begin(), replicas_.end());
  return result;
}

bool slot_table::is_replica(const endpoint& server) const {
  return std::binary_search(replicas_.begin(), replicas_.end(), server);
}

const slot_table::master* slot_table::at(uint16_t slot) const noexcept {
  for (auto& master : masters_)
    if (master.slots.test(slot))
      return &master;
  return nullptr;
}

size_t slot_table::covered() const noexcept {
  size_t result = 0;
  for (auto& master : masters_)
    result += master.slots.count();
  return result;
}

void slot_table::assign(uint16_t slot, const endpoint& server) {
  for (auto& master : masters_)
    master.slots.reset(slot);
  add(server).slots.set(slot);
  std::erase_if(masters_, [](const master& x) { return x.slots.none(); });
}

slot_table::master& slot_table::add(const endpoint& server) {
  auto i = std::lower_bound(
    masters_.begin(), masters_.end(), server,
    [](const master& x, const endpoint& y) { return x.server < y; });
  if (i == masters_.end() || i->server != server)
    i = masters_.insert(i, {server, {}});
  return *i;
}

} // namespace waybill::redis
