#include "app/version.hpp"

#include <initializer_list>

#include <CLI/Version.hpp>
#include <boost/version.hpp>
#include <caf/config.hpp>
#include <hiredis/hiredis.h>
#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <spdlog/version.h>
#include <toml++/impl/version.h>

namespace waybill::app {

namespace {

/// Joins the parts of a version with dots.
std::string join(std::initializer_list<int> parts) {
  std::string result;
  for (auto part : parts)
    result += (result.empty() ? "" : ".") + std::to_string(part);
  return result;
}

} // namespace

std::string version() {
  return WAYBILL_VERSION;
}

std::string versions() {
  return "waybill " WAYBILL_VERSION "\n"
         "Boost "
         + join({BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
                 BOOST_VERSION % 100})
         + "\nCAF "
         + join(
           {CAF_VERSION / 10000, CAF_VERSION / 100 % 100, CAF_VERSION % 100})
         + "\nCLI11 " CLI11_VERSION "\nhiredis "
         + join({HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH})
         + "\nnlohmann_json "
         + join({NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                 NLOHMANN_JSON_VERSION_PATCH})
         + "\nOpenSSL " + OpenSSL_version(OPENSSL_VERSION_STRING) + "\nspdlog "
         + join({SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH})
         + "\ntoml++ " + join({TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH})
         + '\n';
}

} // namespace waybill::app
