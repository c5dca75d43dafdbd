#include "app/reload.hpp"

#include <sstream>

#include <spdlog/spdlog.h>

#include "app/listeners.hpp"
#include "app/log.hpp"
#include "net/server/server.hpp"

namespace waybill::app {

namespace {

/// Returns the first line of an error output, without the program's name.
std::string first_line(const std::string& text) {
  constexpr std::string_view name = "waybill: ";
  auto start = text.starts_with(name) ? name.size() : 0;
  return text.substr(start, text.find('\n') - start);
}

/// Tells whether both options enable TLS or neither does.
bool is_alike(const tls_option& x, const tls_option& y) {
  return !x.loaded == !y.loaded;
}

} // namespace

void reload(net::server& server, const options& running,
            const std::vector<std::string>& arguments) {
  std::ostringstream errors;
  auto parsed = parse_options(arguments, errors, &running);
  auto next = std::get_if<options>(&parsed);
  if (!next) {
    spdlog::error("WB-104 keeping the old options: {}",
                  first_line(errors.str()));
    return;
  }
  // Certificates may control access, so options are applied all or none.
  if (!is_alike(next->tls, running.tls)
      || !is_alike(next->admin_tls, running.admin_tls)) {
    spdlog::error("WB-104 keeping the old options: restart the node to "
                  "enable or disable TLS on a port");
    return;
  }
  server.renew_access(next->access.loaded);
  renew_certificates(server, *next);
  set_log_level(next->log_level);
  for (auto& [name, values] : next->given)
    if (!next->reloadable.contains(name) && values != running.given.at(name))
      spdlog::warn("WB-105 --{} has changed: restart the node to apply it",
                   name);
  spdlog::info("reloaded options, keys and certificates");
}

} // namespace waybill::app
