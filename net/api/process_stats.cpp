#include "net/api/process_stats.hpp"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace waybill::net {

usage usage_of(size_t process) {
  usage result;
  auto folder = "/proc/" + std::to_string(process);
  std::ifstream stat{folder + "/stat"};
  std::string text{std::istreambuf_iterator<char>{stat}, {}};
  // `utime` and `stime` are the 12th and 13th fields after the name, which may
  // contain any character.
  std::istringstream fields{
    text.substr(std::min(text.rfind(')'), text.size()))};
  std::vector<std::string> all{std::istream_iterator<std::string>{fields}, {}};
  if (all.size() > 13)
    result.cpu_seconds = (std::stod(all[12]) + std::stod(all[13]))
                         / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::ifstream statm{folder + "/statm"};
  double total = 0;
  double resident = 0;
  if (statm >> total >> resident)
    result.memory_bytes = resident * static_cast<double>(sysconf(_SC_PAGESIZE));
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

size_t max_descriptors() {
  rlimit result{};
  getrlimit(RLIMIT_NOFILE, &result);
  return result.rlim_cur;
}

} // namespace waybill::net
