#pragma once

#include <string>

#include <boost/beast/http/fields.hpp>

#include "net/peer_address.hpp"

namespace waybill::net {

/// The client of a session, for those who look after it.
struct client_info {
  explicit client_info(const peer_address& peer) : peer(peer) {
    // nop
  }

  /// Takes the software from the head of the request for the session.
  client_info(const peer_address& peer, const boost::beast::http::fields& head);

  peer_address peer;

  /// Its software, as it names itself (RFC 9110, section 10.1.5): at most 160
  /// bytes, because each session keeps them, and `?` for all but visible ASCII
  /// and spaces.
  std::string user_agent = {};
};

} // namespace waybill::net
