// Fuzzes options: leading lines that begin with `--` are arguments, the rest is
// a configuration file.

#include <cstdio>
#include <iostream>
#include <variant>

#include <sys/mman.h>
#include <unistd.h>

#include "actors/core/text.hpp"
#include "app/options/options.hpp"
#include "test/fuzz/require.hpp"

using namespace waybill;
using fuzz::require;

namespace {

/// Removes the first line from `text`, and returns it.
std::string_view take_line(std::string_view& text) {
  auto end = std::min(text.find('\n'), text.size());
  auto result = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return result;
}

/// An in-memory file.
class memory_file {
public:
  explicit memory_file(std::string_view bytes)
      : descriptor_(memfd_create("config", 0)) {
    require(descriptor_ >= 0
              && write(descriptor_, bytes.data(), bytes.size())
                   == static_cast<ssize_t>(bytes.size()),
            "a file can be written");
  }

  memory_file(const memory_file&) = delete;

  ~memory_file() { close(descriptor_); }

  std::string path() const {
    return "/proc/self/fd/" + std::to_string(descriptor_);
  }

private:
  int descriptor_;
};

/// Discards standard output and error, where most inputs cause a message.
void be_silent() {
  std::cout.rdbuf(nullptr);
  std::cerr.rdbuf(nullptr);
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  be_silent();
  auto text = fuzz::text_of(data, size);
  std::vector<std::string> arguments;
  while (text.starts_with("--"))
    arguments.emplace_back(take_line(text));
  // The target must not read other files.
  std::erase_if(arguments, [](const std::string& x) {
    return x.starts_with("--config") || x.find('\0') != x.npos;
  });
  memory_file config{text};
  arguments.push_back("--config=" + config.path());
  auto parsed = app::parse_options(arguments);
  if (auto code = std::get_if<int>(&parsed)) {
    require(*code == 0 || *code == 2, "the exit code is 2 for wrong options");
    return 0;
  }
  auto& all = std::get<app::options>(parsed);
  require(is_name(all.node) && is_utf8(all.greeting), "texts are UTF-8");
  require(all.threads >= 1 && all.threads <= 256,
          "the number of threads is in range");
  require(all.connections.max_body <= all.max_queue
            && all.connections.max_body > 0,
          "a queue has room for the largest push");
  require(!all.listen.empty(), "the node listens");
  for (auto& address : all.listen)
    require(all.insecure || address.is_loopback(),
            "only an insecure node listens on public addresses");
  return 0;
}
