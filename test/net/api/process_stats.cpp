#define CAF_SUITE process_stats

#include "net/api/process_stats.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <limits>
#include <vector>

#include <caf/test/dsl.hpp>

namespace process_stats_suite {

using namespace waybill::net;

namespace {

usage own_usage() {
  return usage_of(static_cast<size_t>(getpid()));
}

double cpu_clock() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec)
         + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Checks the CPU time of this process, each of whose two parts is rounded to a
/// tick.
void check_cpu() {
  auto tick = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  auto before = cpu_clock();
  auto used = own_usage().cpu_seconds;
  auto after = cpu_clock();
  CAF_CHECK_GREATER_OR_EQUAL(used, before - 3 * tick);
  CAF_CHECK_LESS_OR_EQUAL(used, after + tick);
}

/// Changes how many descriptors this process may have, until its end.
struct descriptor_limit {
  explicit descriptor_limit(rlim_t count) {
    getrlimit(RLIMIT_NOFILE, &before);
    rlimit now{count, before.rlim_max};
    CAF_REQUIRE_EQUAL(setrlimit(RLIMIT_NOFILE, &now), 0);
  }

  ~descriptor_limit() { setrlimit(RLIMIT_NOFILE, &before); }

  rlimit before{};
};

} // namespace

CAF_TEST(the CPU time of a process grows as it works) {
  auto begin = own_usage().cpu_seconds;
  while (own_usage().cpu_seconds == begin)
    ;
  CAF_CHECK_GREATER(own_usage().cpu_seconds, begin);
  check_cpu();
}

CAF_TEST(the memory of a process is what it has touched) {
  constexpr size_t size = 16 << 20;
  auto before = own_usage().memory_bytes;
  CAF_CHECK_GREATER(before, 0);
  std::vector<char> touched(size, 'a');
  auto more = own_usage().memory_bytes - before;
  CAF_MESSAGE(more << " bytes, " << touched.back());
  CAF_CHECK_GREATER(more, size * 0.75);
  // A sanitizer may take several times as much for itself.
  CAF_CHECK_LESS(more, size * 8.0);
}

CAF_TEST(the name of a process may look like other fields) {
  std::string name;
  std::getline(std::ifstream{"/proc/self/comm"}, name);
  for (auto other : {"a b c", ") R 1 2 3", "((", "))"}) {
    std::ofstream{"/proc/self/comm"} << other;
    std::ifstream in{"/proc/self/stat"};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    CAF_MESSAGE(other);
    CAF_CHECK_NOT_EQUAL(text.find(other), std::string::npos);
    check_cpu();
  }
  std::ofstream{"/proc/self/comm"} << name;
}

CAF_TEST(a process that is not there has used nothing) {
  for (auto process : {size_t{0}, std::numeric_limits<size_t>::max()}) {
    auto used = usage_of(process);
    CAF_CHECK_EQUAL(used.cpu_seconds, 0);
    CAF_CHECK_EQUAL(used.memory_bytes, 0);
  }
}

CAF_TEST(a process tells its counters) {
  auto now = std::chrono::system_clock::now();
  auto found = process_counters(now - std::chrono::minutes{1});
  CAF_CHECK_EQUAL(found["uptime_seconds"], 60u);
  CAF_CHECK_EQUAL(found["max_descriptors"], max_descriptors());
  CAF_CHECK_GREATER(found["resident_bytes"], 1'000'000u);
  for (auto name : {"cpu_milliseconds", "open_descriptors"})
    CAF_CHECK_EQUAL(found.count(name), 1u);
}

CAF_TEST(a descriptor counts from when it is opened until it is closed) {
  auto before = count_descriptors();
  CAF_REQUIRE(before);
  CAF_CHECK_GREATER(*before, 0u);
  std::vector<int> opened;
  for (int i = 0; i < 100; ++i)
    opened.push_back(open("/dev/null", O_RDONLY));
  CAF_CHECK_EQUAL(count_descriptors().value_or(0), *before + 100);
  for (auto fd : opened)
    close(fd);
  CAF_CHECK_EQUAL(count_descriptors().value_or(0), *before);
}

CAF_TEST(descriptors are not counted wrongly when none is left) {
  auto before = count_descriptors();
  CAF_REQUIRE(before);
  descriptor_limit limit{0};
  CAF_CHECK_EQUAL(open("/dev/null", O_RDONLY), -1);
  // Linux before 6.2 needs one to count them.
  auto found = count_descriptors();
  CAF_CHECK(!found || *found == *before);
}

CAF_TEST(a process may have as many descriptors as its limit is now) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  CAF_CHECK_EQUAL(max_descriptors(), limit.rlim_cur);
  {
    descriptor_limit lower{64};
    CAF_CHECK_EQUAL(max_descriptors(), 64u);
  }
  CAF_CHECK_EQUAL(max_descriptors(), limit.rlim_cur);
}

} // namespace process_stats_suite
