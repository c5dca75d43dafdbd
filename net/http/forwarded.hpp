#pragma once

#include <boost/beast/http/fields.hpp>

#include "net/http/response.hpp"
#include "net/peer_address.hpp"

namespace waybill::net {

/// Returns the client of a request that came from `peer`: the address that a
/// trusted proxy gives in `X-Forwarded-For`, else `peer` itself.
///
/// Each proxy appends the address of its own peer. So the client is the last
/// address that is not itself trusted: anyone may have forged those before it.
peer_address find_client(const http::fields& head, const peer_address& peer,
                         const networks& trusted);

} // namespace waybill::net
