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

std::vector<std::string> check_tls(const options& config) {
  std::vector<std::string> result;
  auto& ours = config.tls.files;
  auto& admins = config.admin_tls.files;
  if (is_half(ours))
    result.emplace_back("give both --tls-cert and --tls-key");
  if (is_half(admins))
    result.emplace_back("give both --admin-tls-cert and --admin-tls-key");
  if (!admins.client_ca.empty() && ours.key.empty() && admins.key.empty())
    result.emplace_back(
      "--admin-tls-client-ca needs --admin-tls-cert or --tls-cert");
  if ((!admins.key.empty() || !admins.client_ca.empty())
      && !has_tcp(config.admin_listen))
    result.emplace_back(
      "TLS for admins needs an --admin-listen that is not a unix socket");
  if (!ours.key.empty() && !has_tcp(config.listen)
      && !has_tcp(config.admin_listen))
    result.emplace_back(
      "--tls-cert needs a --listen that is not a unix socket");
  return result;
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

/// Returns an error for each port that accepts remote peers without
/// authentication.
std::vector<std::string> check_exposure(const options& config) {
  std::vector<std::string> result;
  auto check = [&](const addresses& all, bool guarded, const char* remedy) {
    auto i = std::find_if(all.begin(), all.end(),
                          [](auto& x) { return !x.is_loopback(); });
    if (!guarded && !config.insecure && i != all.end())
      result.push_back("others can connect to " + to_string(*i)
                       + " without authentication of " + remedy
                       + ", or --insecure to allow it");
  };
  auto has_keys = !config.access.api_key_file.empty();
  auto has_port = !config.admin_listen.empty();
  check(config.listen, config.access.needs_token, "clients: add --auth jwt");
  check(config.listen, has_keys || has_port, "pushers: add --api-key-file");
  check(config.admin_listen,
        has_keys || !config.admin_tls.files.client_ca.empty(),
        "pushers: add --api-key-file or --admin-tls-client-ca");
  return result;
}

} // namespace

std::vector<std::string> check_ports(options& config) {
  auto result = check_exposure(config);
  if (config.connections.proxy_protocol
      && config.connections.trusted_proxies.empty())
    result.emplace_back("--proxy-protocol needs a --trusted-proxy");
  auto wrong = check_tls(config);
  result.insert(result.end(), wrong.begin(), wrong.end());
  // Files that do not fit together fail to load for that reason.
  if (!wrong.empty())
    return result;
  auto& admins = config.admin_tls.files;
  if (admins.certificate.empty() && !config.admin_listen.empty()) {
    admins.certificate = config.tls.files.certificate;
    admins.key = config.tls.files.key;
  }
  if (auto failure = load(config.tls, "--tls-cert and --tls-key"))
    result.push_back(*failure);
  if (auto failure = load(config.admin_tls, "TLS for admins"))
    result.push_back(*failure);
  return result;
}

} // namespace waybill::app
