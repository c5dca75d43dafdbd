// Fuzzes the PROXY protocol, addresses, networks and origins.

#include <algorithm>

#include "net/auth/origin.hpp"
#include "net/peer_address.hpp"
#include "net/server/proxy_header.hpp"
#include "test/fuzz/require.hpp"

using namespace waybill::net;
using waybill::fuzz::require;

namespace {

void check_proxy_header(std::string_view bytes) {
  auto whole = parse_proxy_header(bytes);
  require(whole.size <= static_cast<ptrdiff_t>(bytes.size()),
          "a header ends within its bytes");
  if (whole.client)
    whole.client->text();
  for (size_t size = 0; size < bytes.size(); ++size) {
    auto part = parse_proxy_header(bytes.substr(0, size));
    if (whole.size > static_cast<ptrdiff_t>(size))
      require(part.size == 0, "a truncated header is incomplete");
    else if (whole.size > 0)
      require(part.size == whole.size && part.client == whole.client,
              "bytes after a header do not change it");
    else if (whole.size == 0)
      require(part.size == 0, "a prefix of an incomplete header is incomplete");
  }
}

void check_address(std::string_view text) {
  auto address = peer_address::parse(text);
  if (!address)
    return;
  require(peer_address::parse(address->text()) == address,
          "a formatted address parses to the same");
  if (auto range = network::parse(text))
    require(range->contains(*address), "an address is in its own network");
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = waybill::fuzz::text_of(data, size);
  check_proxy_header(text);
  check_address(text);
  if (auto range = network::parse(text))
    range->contains(peer_address{});
  if (auto page = origin::parse(text))
    require(page->covers(*page), "an origin covers itself");
  is_allowed_origin(text, "example.com", {});
  is_allowed_origin("https://example.com", text, {});
  return 0;
}
