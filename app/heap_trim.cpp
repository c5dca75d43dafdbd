#include "app/heap_trim.hpp"

#include <algorithm>

#include <malloc.h>
#include <unistd.h>

#include "net/api/process_stats.hpp"

namespace waybill::app {

namespace {

constexpr auto period = std::chrono::seconds{5};

/// So much is worth the time that it takes, in bytes: other threads wait for it
/// when they allocate.
constexpr double worthwhile = 8 << 20;

/// Returns how much more memory the process has than it uses, in bytes; some of
/// that is its code.
double idle_memory() {
  auto used = mallinfo2();
  auto resident = net::usage_of(static_cast<size_t>(getpid())).memory_bytes;
  return resident - static_cast<double>(used.uordblks + used.hblkhd);
}

/// @param least what was idle when there was least of it.
void trim_memory(boost::asio::steady_timer& timer, double least) {
  timer.expires_after(period);
  timer.async_wait([&timer, least](boost::system::error_code ec) {
    if (ec)
      return;
    auto idle = idle_memory();
    if (idle > least + worthwhile) {
      malloc_trim(0);
      // What cannot be given back is not tried again.
      trim_memory(timer, idle_memory());
    } else {
      trim_memory(timer, std::min(least, idle));
    }
  });
}

} // namespace

void trim_memory(boost::asio::steady_timer& timer) {
  trim_memory(timer, idle_memory());
}

} // namespace waybill::app
