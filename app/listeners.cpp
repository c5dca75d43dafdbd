#include "app/listeners.hpp"

#include <cstdlib>

#include <spdlog/spdlog.h>

#include "net/server/server.hpp"

namespace waybill::app {

namespace {

using net::port_role;
using addresses = std::vector<net::listen_address>;

std::string open_all(net::server& server, const addresses& all, port_role role,
                     const net::tls_ptr& tls) {
  std::string result;
  for (auto& address : all) {
    auto speaks_tls = tls && !address.is_unix();
    try {
      result += (result.empty() ? "" : " and ")
                + server.listen(address, role, speaks_tls ? tls : nullptr)
                + (speaks_tls ? " (TLS)" : "");
    } catch (const boost::system::system_error& e) {
      spdlog::critical("WB-102 cannot listen on {}: {}", to_string(address),
                       e.code().message());
      std::_Exit(1);
    }
  }
  return result;
}

/// Returns the role of the ports of `--listen`.
port_role role_of_listen(const options& config) {
  return config.admin_listen.empty() ? port_role::both : port_role::clients;
}

} // namespace

std::string open_ports(net::server& server, const options& config) {
  auto result = open_all(server, config.listen, role_of_listen(config),
                         config.tls.loaded);
  if (!config.admin_listen.empty())
    result += ", for admins on "
              + open_all(server, config.admin_listen, port_role::admins,
                         config.admin_tls.loaded);
  return result;
}

void renew_certificates(net::server& server, const options& config) {
  if (config.tls.loaded)
    server.renew_tls(role_of_listen(config), config.tls.loaded);
  if (config.admin_tls.loaded)
    server.renew_tls(port_role::admins, config.admin_tls.loaded);
}

} // namespace waybill::app
