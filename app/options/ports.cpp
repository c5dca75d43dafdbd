#include "app/options/ports.hpp"

#include <algorithm>

namespace waybill::app {

namespace {

using addresses = std::vector<net::listen_address>;

/// Tells whether one of the addresses is TCP, which TLS needs.
bool has_tcp(const addresses& all) {
  return std::any_of(all.begin(), all.end(),
                     [](const auto& x) { return !x.is_unix(); });
}

bool is_half(const net::tls_files& files) {
  return files.certificate.empty() != files.key.empty();
}

std::optional<std::string> check_tls(const options& config) {
  auto& ours = config.tls.files;
  auto& admins = config.admin_tls.files;
  if (is_half(ours))
    return "give both --tls-cert and --tls-key";
  if (is_half(admins))
    return "give both --admin-tls-cert and --admin-tls-key";
  if (!admins.client_ca.empty() && ours.key.empty() && admins.key.empty())
    return "--admin-tls-client-ca needs --admin-tls-cert or --tls-cert";
  if ((!admins.key.empty() || !admins.client_ca.empty())
      && !has_tcp(config.admin_listen))
    return "TLS for admins needs an --admin-listen that is not a unix socket";
  if (!ours.key.empty() && !has_tcp(config.listen)
      && !has_tcp(config.admin_listen))
    return "--tls-cert needs a --listen that is not a unix socket";
  return std::nullopt;
}

std::optional<std::string> load(tls_option& tls, const std::string& name) {
  if (tls.files.certificate.empty())
    return std::nullopt;
  auto loaded = net::load_tls(tls.files);
  if (!loaded)
    return name + ": " + loaded.error().context().get_as<std::string>(0);
  tls.loaded = *loaded;
  return std::nullopt;
}

/// Returns an error if a port accepts remote peers without authentication.
std::optional<std::string> check_exposure(const options& config) {
  auto exposed = [&](const addresses& all, bool guarded, const char* remedy) {
    auto i = std::find_if(all.begin(), all.end(),
                          [](auto& x) { return !x.is_loopback(); });
    return guarded || config.insecure || i == all.end()
             ? std::nullopt
             : std::optional{"others can connect to " + to_string(*i)
                             + " without authentication of " + remedy
                             + ", or --insecure to allow it"};
  };
  auto has_keys = !config.access.api_key_file.empty();
  auto has_port = !config.admin_listen.empty();
  if (auto wrong = exposed(config.listen, config.access.needs_token,
                           "clients: add --auth jwt"))
    return wrong;
  if (auto wrong = exposed(config.listen, has_keys || has_port,
                           "pushers: add --api-key-file"))
    return wrong;
  return exposed(config.admin_listen,
                 has_keys || !config.admin_tls.files.client_ca.empty(),
                 "pushers: add --api-key-file or --admin-tls-client-ca");
}

} // namespace

std::optional<std::string> check_ports(options& config) {
  if (auto wrong = check_exposure(config))
    return wrong;
  if (config.connections.proxy_protocol
      && config.connections.trusted_proxies.empty())
    return "--proxy-protocol needs a --trusted-proxy";
  if (auto wrong = check_tls(config))
    return wrong;
  auto& admins = config.admin_tls.files;
  if (admins.certificate.empty() && !config.admin_listen.empty()) {
    admins.certificate = config.tls.files.certificate;
    admins.key = config.tls.files.key;
  }
  if (auto wrong = load(config.tls, "--tls-cert and --tls-key"))
    return wrong;
  return load(config.admin_tls, "TLS for admins");
}

} // namespace waybill::app
