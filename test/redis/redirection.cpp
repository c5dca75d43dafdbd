#define CAF_SUITE redirection

#include "redis/redirection.hpp"

#include <caf/test/dsl.hpp>

namespace redirection_suite {

using namespace waybill::redis;

namespace {

const endpoint asked{"10.0.0.9", "7009"};

/// Returns an error as a text: its kind, slot and server.
std::string parse(std::string_view error) {
  auto x = redirection::parse(error, asked);
  if (!x)
    return "none";
  std::string result = x->type == redirection::kind::moved ? "moved"
                       : x->type == redirection::kind::ask ? "ask"
                                                           : "later";
  if (x->slot)
    result += ' ' + std::to_string(*x->slot) + ' ' + to_string(x->server);
  return result;
}

} // namespace

CAF_TEST(errors of a cluster are redirections) {
  CAF_CHECK_EQUAL(parse("MOVED 3999 127.0.0.1:6381"),
                  "moved 3999 127.0.0.1:6381");
  CAF_CHECK_EQUAL(parse("ASK 3999 127.0.0.1:6381"), "ask 3999 127.0.0.1:6381");
  CAF_CHECK_EQUAL(parse("TRYAGAIN Multiple keys request during rehashing of "
                        "slot"),
                  "later");
  CAF_CHECK_EQUAL(parse("CLUSTERDOWN Hash slot not served"), "later");
  CAF_CHECK_EQUAL(parse("CLUSTERDOWN The cluster is down"), "later");
}

CAF_TEST(a redirection may lack the host) {
  CAF_CHECK_EQUAL(parse("MOVED 1 :6381"), "moved 1 10.0.0.9:6381");
}

CAF_TEST(other errors are none) {
  for (auto error : {"", "MOVED", "MOVED 1", "MOVED 16384 a:1", "MOVED x a:1",
                     "MOVED -1 a:1", "MOVED 1x a:1", "MOVEDX 1 a:1",
                     "ERR This instance has cluster support disabled",
                     "CROSSSLOT Keys in request don't hash to the same slot",
                     "LOADING Redis is loading the dataset in memory"})
    CAF_CHECK_EQUAL(parse(error), "none");
}

CAF_TEST(the slot of a command is that of its first key) {
  auto slot = key_slot("{id:1}");
  CAF_CHECK(slot_of({"SPUBLISH", "waybill:{id:1}", "x"}) == slot);
  CAF_CHECK(slot_of({"XLEN", "waybill:mail:{id:1}"}) == slot);
  CAF_CHECK(slot_of({"EVALSHA", "sha", "2", "waybill:mail:{id:1}", "x", "y"})
            == slot);
  CAF_CHECK(slot_of({"PUBSUB", "SHARDNUMSUB", "waybill:{id:1}"}) == slot);
  CAF_CHECK(!slot_of({"EVALSHA", "sha", "0", "x"}));
  CAF_CHECK(!slot_of({"ROLE"}));
}

} // namespace redirection_suite
