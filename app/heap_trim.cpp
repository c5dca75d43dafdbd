#include "app/heap_trim.hpp"

#include <algorithm>

#include <malloc.h>
#include <unistd.h>

#include "net/api/process_stats.hpp"

namespace waybill::app {

namespace {

constexpr auto period = std::chrono::seconds{5};

/// Growth of idle memory that triggers a trim, in bytes. A trim blocks other
/// threads that allocate.
constexpr double trim_threshold = 8 << 20;

/// Returns the resident memory beyond the allocated blocks, in bytes; part of
/// it is code.
double idle_memory() {
  auto used = mallinfo2();
  auto resident = net::usage_of(static_cast<size_t>(getpid())).memory_bytes;
  return resident - static_cast<double>(used.uordblks + used.hblkhd);
}

/// @param least the lowest idle memory so far.
void trim_memory(boost::asio::steady_timer& timer, double least) {
  timer.expires_after(period);
  timer.async_wait([&timer, least](boost::system::error_code ec) {
    if (ec)
      return;
    auto idle = idle_memory();
    if (idle > least + trim_threshold) {
      malloc_trim(0);
      // A remainder that cannot be released must not trigger another trim.
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
