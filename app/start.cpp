#include "app/start.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>

#include "net/api/process_stats.hpp"

namespace waybill::app {

namespace {

/// Descriptors that a node needs besides its ports: for signals, timers, files
/// and health checks.
constexpr size_t least_free = 32;

/// Descriptors for a Redis server: commands, subscriptions, a Sentinel.
constexpr size_t per_redis = 3;

std::terminate_handler usual = nullptr;

// Allocates nothing, since memory may be exhausted.
[[noreturn]] void refuse(const char* reason, const char* advice) {
  std::fprintf(stderr, "waybill: cannot start: %s%s\n", reason, advice);
  std::_Exit(1);
}

[[noreturn]] void refuse_to_start() {
  try {
    std::rethrow_exception(std::current_exception());
  } catch (const std::bad_alloc&) {
    refuse("there is not enough memory", "");
  } catch (const std::system_error& e) {
    auto is_thread = e.code() == std::errc::resource_unavailable_try_again;
    refuse(is_thread ? "no thread can be started" : e.what(),
           is_thread ? ": allow the process more threads or more memory" : "");
  } catch (const std::exception& e) {
    refuse(e.what(), "");
  } catch (...) {
    refuse("unknown exception", "");
  }
}

} // namespace

void begin_start() {
  usual = std::set_terminate(&refuse_to_start);
}

void end_start() {
  std::set_terminate(usual);
}

std::optional<std::string> check_descriptors(size_t redis_servers) {
  auto most = net::max_descriptors();
  auto used = net::count_descriptors();
  auto least = used.value_or(0) + least_free + per_redis * redis_servers;
  if (used && most >= least)
    return std::nullopt;
  return "the process may open " + std::to_string(most)
         + " files and needs at least " + std::to_string(least)
         + ": raise ulimit -n, or LimitNOFILE= of its systemd unit";
}

} // namespace waybill::app
