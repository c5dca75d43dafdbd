#include "app/options/file.hpp"

#include <fstream>
#include <vector>

namespace waybill::app {

std::optional<std::string> read_to_end(std::istream& in, size_t longest) {
  std::string result;
  std::vector<char> part(1 << 16);
  while (in && result.size() <= longest) {
    in.read(part.data(), static_cast<std::streamsize>(part.size()));
    result.append(part.data(), static_cast<size_t>(in.gcount()));
  }
  if (!in.eof() || in.bad() || result.size() > longest)
    return std::nullopt;
  return result;
}

std::optional<std::string> read_file(const std::string& name, size_t longest) {
  std::ifstream in{name, std::ios::binary};
  return read_to_end(in, longest);
}

} // namespace waybill::app
