#include "app/ports.hpp"

#include <cstdlib>

#include <spdlog/spdlog.h>

#include "net/server.hpp"

namespace waybill::app {

namespace {

std::string open_each(net::server& server,
                      const std::vector<net::listen_address>& all,
                      net::port_role role) {
  std::string result;
  for (auto& where : all) {
    try {
      result += (result.empty() ? "" : " and ") + server.listen(where, role);
    } catch (const boost::system::system_error& e) {
      spdlog::critical("cannot listen on {}: {}", to_string(where),
                       e.code().message());
      std::_Exit(1);
    }
  }
  return result;
}

} // namespace

std::optional<std::string> check_ports(const options& config) {
  for (auto all : {&config.listen, &config.admin_listen})
    for (auto& where : *all)
      if (!where.is_loopback() && !config.insecure)
        return "others can connect to " + to_string(where)
               + ", and nobody is asked who they are: add --insecure to serve "
                 "all the same";
  return std::nullopt;
}

std::string open_ports(net::server& server, const options& config) {
  using net::port_role;
  if (config.admin_listen.empty())
    return open_each(server, config.listen, port_role::both);
  return open_each(server, config.listen, port_role::clients)
         + ", for admins on "
         + open_each(server, config.admin_listen, port_role::admins);
}

} // namespace waybill::app
