#include "app/measures.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>

namespace waybill::app {

namespace {

using clock = std::chrono::steady_clock;

std::string folder_of(size_t process) {
  return "/proc/" + std::to_string(process);
}

} // namespace

nlohmann::ordered_json times::summary() {
  std::sort(all_.begin(), all_.end());
  nlohmann::ordered_json result = nlohmann::ordered_json::object();
  for (auto [name, part] : {std::pair{"p50", 0.5},
                            {"p90", 0.9},
                            {"p99", 0.99},
                            {"p99.9", 0.999},
                            {"longest", 1.0}}) {
    if (all_.empty())
      break;
    auto i = static_cast<size_t>(static_cast<double>(all_.size()) * part);
    std::chrono::duration<double, std::milli> time
      = all_[std::min(i, all_.size() - 1)];
    result[name] = time.count();
  }
  return result;
}

std::optional<size_t> read_process(std::string_view text) {
  size_t result = 0;
  auto last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, result);
  if (error != std::errc{} || end != last
      || (result > 0 && access(folder_of(result).c_str(), F_OK) != 0))
    return std::nullopt;
  return result;
}

usage usage_of(size_t process) {
  usage result;
  auto folder = folder_of(process);
  std::ifstream stat{folder + "/stat"};
  std::string text{std::istreambuf_iterator<char>{stat}, {}};
  // Behind the name, which may hold anything, utime and stime are the 12th and
  // 13th fields.
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

std::string make_timed_text(size_t size) {
  auto result = std::to_string(clock::now().time_since_epoch().count()) + ' ';
  result.resize(std::max(result.size(), size), 'x');
  return result;
}

std::optional<times::duration> age_of(const std::string& text) {
  clock::rep count = 0;
  auto last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, count);
  if (error != std::errc{} || end == last || *end != ' ')
    return std::nullopt;
  return clock::now().time_since_epoch() - clock::duration{count};
}

} // namespace waybill::app
