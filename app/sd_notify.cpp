#include "app/sd_notify.hpp"

#include <charconv>
#include <cstdlib>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace waybill::app {

namespace {

std::string variable(const char* name) {
  auto value = std::getenv(name);
  return value ? value : "";
}

} // namespace

void notify(std::string_view state) {
  auto path = variable("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (path.empty() || path.size() >= sizeof(address.sun_path))
    return;
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  // An abstract address is written with @ for its leading NUL (unix(7)).
  if (path.front() == '@')
    address.sun_path[0] = '\0';
  auto size = offsetof(sockaddr_un, sun_path) + path.size();
  auto out = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (out < 0)
    return;
  sendto(out, state.data(), state.size(), MSG_NOSIGNAL,
         reinterpret_cast<const sockaddr*>(&address),
         static_cast<socklen_t>(size));
  close(out);
}

std::optional<std::chrono::microseconds> watchdog_time() {
  auto process = variable("WATCHDOG_PID");
  if (!process.empty() && process != std::to_string(getpid()))
    return std::nullopt;
  auto text = variable("WATCHDOG_USEC");
  int64_t time = 0;
  std::from_chars(text.data(), text.data() + text.size(), time);
  if (time <= 0)
    return std::nullopt;
  return std::chrono::microseconds{time};
}

} // namespace waybill::app
