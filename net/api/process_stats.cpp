#include "net/api/process_stats.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace waybill::net {

usage usage_of(size_t process) {
  usage result;
  auto folder = "/proc/" + std::to_string(process);
  std::ifstream statm{folder + "/statm"};
  double total = 0;
  double resident = 0;
  if (!(statm >> total >> resident))
    return result;
  result.memory_bytes = resident * static_cast<double>(sysconf(_SC_PAGESIZE));
  timespec used{};
  if (clockid_t clock = 0;
      clock_getcpuclockid(static_cast<pid_t>(process), &clock) == 0
      && clock_gettime(clock, &used) == 0)
    result.cpu_seconds = static_cast<double>(used.tv_sec)
                         + 1e-9 * static_cast<double>(used.tv_nsec);
  return result;
}

std::optional<size_t> count_descriptors() {
  constexpr auto folder = "/proc/self/fd";
  // Since Linux 6.2 the size is the number of descriptors; listing takes 1 us
  // for each.
  struct stat status {};
  if (stat(folder, &status) == 0 && status.st_size > 0)
    return static_cast<size_t>(status.st_size);
  std::error_code error;
  std::filesystem::directory_iterator all{folder, error};
  if (error)
    return std::nullopt;
  // One of them is the iterator's own.
  return static_cast<size_t>(std::distance(begin(all), end(all))) - 1;
}

counters process_counters(std::chrono::system_clock::time_point began) {
  auto age = std::chrono::duration_cast<std::chrono::seconds>(
    std::chrono::system_clock::now() - began);
  counters result{{"max_descriptors", max_descriptors()},
                  {"uptime_seconds", static_cast<uint64_t>(age.count())}};
  auto used = usage_of(static_cast<size_t>(getpid()));
  if (used.memory_bytes > 0) {
    result["cpu_milliseconds"] = static_cast<uint64_t>(used.cpu_seconds * 1e3);
    result["resident_bytes"] = static_cast<uint64_t>(used.memory_bytes);
  }
  if (auto open = count_descriptors())
    result["open_descriptors"] = *open;
  return result;
}

size_t max_descriptors() {
  rlimit result{};
  getrlimit(RLIMIT_NOFILE, &result);
  return result.rlim_cur;
}

} // namespace waybill::net
