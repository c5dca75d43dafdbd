#include "app/file.hpp"

#include <fstream>
#include <vector>

namespace waybill::app {

namespace {

constexpr size_t longest = 1 << 30;

} // namespace

std::optional<std::string> read_to_end(std::istream& in) {
  std::string result;
  std::vector<char> part(1 << 16);
  while (in && result.size() <= longest) {
    in.read(part.data(), static_cast<std::streamsize>(part.size()));
    result.append(part.data(), static_cast<size_t>(in.gcount()));
  }
  return in.eof() && !in.bad() ? std::optional{std::move(result)}
                               : std::nullopt;
}

std::optional<std::string> read_file(const std::string& name) {
  std::ifstream in{name, std::ios::binary};
  return read_to_end(in);
}

} // namespace waybill::app
