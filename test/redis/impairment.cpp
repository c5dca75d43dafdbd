#define CAF_SUITE impairment

#include "redis/impairment.hpp"

#include <string>

#include <caf/test/dsl.hpp>

namespace impairment_suite {

using waybill::redis::impairment_of;

// The suite has the name of the type.
using kind = waybill::redis::impairment;

CAF_TEST(an error of a command or its key stops nothing else) {
  for (auto error :
       {"WRONGTYPE Operation against a key", "ERR syntax error",
        "NOSCRIPT No matching script", "EXECABORT Transaction discarded",
        "ERR Error running script (call to f_1): @user_script:1: "
        "@user_script: 1: -WRONGTYPE Operation against a key",
        ""})
    CAF_CHECK(impairment_of(error) == kind::none);
}

CAF_TEST(an error may stop all that needs the same) {
  for (auto error :
       {"OOM command not allowed when used memory > 'maxmemory'.",
        "MISCONF Errors writing to the AOF file: No space left on device",
        "NOREPLICAS Not enough good replicas to write.",
        "NOPERM this user has no permissions to run the 'evalsha' command",
        "ERR The user executing the script can't run this command or "
        "subcommand"})
    CAF_CHECK(impairment_of(error) == kind::function);
}

CAF_TEST(an error may stop all commands for now) {
  for (auto error : {"LOADING Redis is loading the dataset in memory",
                     "BUSY Redis is busy running a script.",
                     "MASTERDOWN Link with MASTER is down",
                     "CLUSTERDOWN The cluster is down",
                     "TRYAGAIN Multiple keys request during rehashing of slot",
                     "NOAUTH Authentication required."})
    CAF_CHECK(impairment_of(error) == kind::commands);
}

CAF_TEST(a replica stops all writes) {
  CAF_CHECK(
    impairment_of("READONLY You can't write against a read only replica.")
    == kind::server);
}

CAF_TEST(Redis 6 names an error within a script behind its place) {
  std::string place = "ERR Error running script (call to f_1): "
                      "@user_script:1: @user_script: 1: ";
  CAF_CHECK(impairment_of(place + "-OOM command not allowed")
            == kind::function);
  CAF_CHECK(impairment_of(place + "-READONLY You can't write") == kind::server);
  CAF_CHECK(impairment_of(place + "-BUSY Redis is busy") == kind::commands);
  CAF_MESSAGE("only where it is one of Redis");
  CAF_CHECK(impairment_of(place + "OOM command not allowed") == kind::none);
  CAF_CHECK(impairment_of(place) == kind::none);
  CAF_CHECK(impairment_of(place + '-') == kind::none);
}

CAF_TEST(an error is known by its whole first word) {
  for (auto error :
       {"OOM", "OOMPH is no word", "BUSYKEY Target key exists", "READONLYISH x",
        "oom command not allowed", "ERR OOM command not allowed", " OOM x"})
    CAF_CHECK(impairment_of(error) == kind::none);
}

} // namespace impairment_suite
