#include "app/options/file.hpp"

#include <cerrno>
#include <fstream>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

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

std::string read_failure(const std::string& name) {
  auto descriptor = open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  char byte = 0;
  auto is_read = descriptor >= 0 && read(descriptor, &byte, 1) >= 0;
  auto code = errno;
  if (descriptor >= 0)
    close(descriptor);
  return is_read ? "it is too large" : std::generic_category().message(code);
}

} // namespace waybill::app
