#pragma once

#include <boost/asio/socket_base.hpp>
#include <boost/system/error_code.hpp>

namespace waybill::net {

// A socket reports an error where it is closed, which nobody wants to know, and
// Beast's stream in memory, which tests use, knows of none.

/// Closes a stream.
template <class Stream>
void close_stream(Stream& stream) {
  boost::system::error_code ignored;
  if constexpr (requires { stream.close(ignored); })
    stream.close(ignored);
  else
    stream.close();
}

/// Ends the operations that are under way with an error.
template <class Stream>
void cancel_stream(Stream& stream) {
  boost::system::error_code ignored;
  if constexpr (requires { stream.cancel(ignored); })
    stream.cancel(ignored);
  else
    stream.close();
}

/// Tells the peer that nothing more will come; it may still send.
template <class Stream>
void end_stream(Stream& stream) {
  boost::system::error_code ignored;
  constexpr auto send = boost::asio::socket_base::shutdown_send;
  if constexpr (requires { stream.shutdown(send, ignored); })
    stream.shutdown(send, ignored);
  else
    stream.close();
}

} // namespace waybill::net
