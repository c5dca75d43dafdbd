#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/options/node_url.hpp"
#include "redis/tls.hpp"

namespace waybill::app {

/// The URL of a collector that takes spans by OTLP over HTTP.
struct otlp_url {
  node_url server;

  /// The path of requests.
  std::string path;

  /// The CA certificates for TLS, which are not part of the URL.
  redis::trust_ptr trust = nullptr;

  /// Parses `http://host[:port][/path]`, or the same with `https`; the path is
  /// `/v1/traces` by default.
  static std::optional<otlp_url> parse(std::string_view text);
};

} // namespace waybill::app
