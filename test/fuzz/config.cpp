// Fuzzes the values of options and parameters: addresses, durations and URLs.

#include <algorithm>

#include "net/config.hpp"
#include "redis/url.hpp"
#include "test/fuzz/require.hpp"

using namespace waybill;
using fuzz::require;

namespace {

void check_listen_address(std::string_view text) {
  auto address = net::listen_address::parse(text);
  if (!address)
    return;
  address->is_loopback();
  auto is_unix = address->is_unix();
  require(is_unix || std::stoi(address->port) <= 65535, "a port has 16 bits");
  auto again = net::listen_address::parse(
    is_unix ? to_string(*address) : '[' + address->host + "]:" + address->port);
  require(again && again->path == address->path && again->host == address->host
            && again->port == address->port,
          "a formatted address parses to the same");
}

void check_duration(std::string_view text) {
  auto time = net::parse_duration(text);
  if (!time)
    return;
  require(time->count() >= 0 && *time <= std::chrono::hours{365 * 24},
          "a duration is a year at most");
  require(net::parse_duration(std::to_string(time->count()) + "ms") == time,
          "a formatted duration parses to the same");
}

void check_server_url(std::string_view text) {
  auto url = redis::server_url::parse(text);
  if (!url)
    return;
  auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  require(std::all_of(url->db.begin(), url->db.end(), is_digit),
          "a database is a number");
  require(url->sentinels.empty() == url->master.empty(),
          "Sentinels have a master");
  require(!to_string(*url).empty(), "a URL can be logged");
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of(data, size);
  check_listen_address(text);
  check_duration(text);
  check_server_url(text);
  return 0;
}
