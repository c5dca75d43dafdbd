#pragma once

#include <boost/beast/http/fields.hpp>

#include "net/http/response.hpp"
#include "net/peer_address.hpp"

namespace waybill::net {

/// Finds out who sent a request that came from `peer`: what a trusted proxy
/// says in `X-Forwarded-For`, else `peer` itself.
///
/// Each proxy adds the address that it was connected from at the end. So it is
/// the last address that is not itself trusted: what stands before that, anyone
/// can have written.
peer_address find_client(const http::fields& head, const peer_address& peer,
                         const networks& trusted);

} // namespace waybill::net
