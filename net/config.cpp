#include "net/config.hpp"

#include <charconv>

#include <boost/asio/ip/address.hpp>
#include <sys/un.h>

namespace waybill::net {

namespace {

/// Precedes an absolute path: `unix:80` is a host of that name.
constexpr std::string_view unix_scheme = "unix:";

/// The kernel needs room for a terminating zero.
constexpr size_t longest_path = sizeof(sockaddr_un::sun_path) - 1;

} // namespace

std::optional<listen_address> listen_address::parse(std::string_view text) {
  if (text.starts_with("unix:/")) {
    auto path = text.substr(unix_scheme.size());
    if (path.size() < 2 || path.size() > longest_path
        || path.find('\0') != path.npos)
      return std::nullopt;
    return listen_address{"", "", std::string{path}};
  }
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return std::nullopt;
  auto host = text.substr(0, colon);
  auto port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return std::nullopt;
  if (port.empty() || port.size() > 5
      || port.find_first_not_of("0123456789") != std::string_view::npos
      || std::stoi(std::string{port}) > 65535)
    return std::nullopt;
  return listen_address{std::string{host}, std::string{port}};
}

bool listen_address::is_loopback() const {
  if (is_unix())
    return true;
  boost::system::error_code ec;
  auto address = boost::asio::ip::make_address(host, ec);
  return ec ? host == "localhost" : address.is_loopback();
}

std::string to_string(const listen_address& address) {
  if (address.is_unix())
    return "unix:" + address.path;
  auto is_v6 = address.host.find(':') != std::string::npos;
  return (is_v6 ? '[' + address.host + ']' : address.host) + ':' + address.port;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  using std::chrono::milliseconds;
  constexpr int64_t year = 365ll * 24 * 3600 * 1000;
  int64_t count = 0;
  auto [end, error]
    = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || count < 0 || text.starts_with('-'))
    return std::nullopt;
  auto unit = std::string_view{end, text.data() + text.size()};
  int64_t factor = unit == "ms"  ? 1
                   : unit == "s" ? 1000
                   : unit == "m" ? 60'000
                   : unit == "h" ? 3'600'000
                                 : 0;
  if (factor == 0 || count > year / factor)
    return std::nullopt;
  return milliseconds{count * factor};
}

} // namespace waybill::net
