#define CAF_SUITE shards

#include "redis/shards.hpp"

#include <algorithm>
#include <map>

#include "test/fixture.hpp"

using namespace waybill;
using namespace waybill::redis;

namespace {

const test::texts servers{"redis://a:6379/0", "redis://b:6379/0",
                          "redis://c:6379/0"};

/// Returns the server of an address by name.
std::string server_of(const push_address& address, const test::texts& all) {
  return all[shard_of(address, all)];
}

std::vector<push_address> many() {
  std::vector<push_address> result;
  for (int i = 0; i < 3000; ++i)
    result.push_back(push_address::id(std::to_string(i)));
  return result;
}

} // namespace

CAF_TEST(addresses are spread evenly over servers) {
  std::map<std::string, int> count;
  for (auto& address : many())
    ++count[server_of(address, servers)];
  CAF_CHECK_EQUAL(count.size(), 3u);
  for (auto& [server, addresses] : count)
    CAF_CHECK(addresses > 900 && addresses < 1100);
}

CAF_TEST(the order of the servers is of no account) {
  auto other = servers;
  std::reverse(other.begin(), other.end());
  for (auto& address : many())
    CAF_REQUIRE_EQUAL(server_of(address, servers), server_of(address, other));
}

CAF_TEST(a server less moves only the addresses that it had) {
  test::texts fewer{servers[0], servers[2]};
  for (auto& address : many())
    if (auto before = server_of(address, servers); before != servers[1])
      CAF_REQUIRE_EQUAL(server_of(address, fewer), before);
}

CAF_TEST(the server of an address is the same in every release) {
  CAF_CHECK_EQUAL(server_of(push_address::id("456"), servers), servers[1]);
  CAF_CHECK_EQUAL(server_of(push_address::id("458"), servers), servers[0]);
  CAF_CHECK_EQUAL(server_of(push_address::topic("a"), servers), servers[2]);
  CAF_CHECK_EQUAL(server_of(push_address::everyone(), servers), servers[1]);
}
