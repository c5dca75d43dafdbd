#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>

#include "actors/core/close_reason.hpp"

namespace waybill::net {

/// Parameters of permessage-deflate (RFC 7692, section 7.1).
struct compression_params {
  /// Set if messages are compressed without reference to earlier ones. A
  /// decompressor need not know.
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;

  /// The maximum sizes of the windows, in bits; 15 if there is no value.
  std::optional<int> server_max_window_bits = {};
  std::optional<int> client_max_window_bits = {};
};

/// Accepts the first usable offer of permessage-deflate in the value of
/// `Sec-WebSocket-Extensions`, if there is one.
std::optional<compression_params> accept_compression(std::string_view offers);

/// Returns the value of `Sec-WebSocket-Extensions` that accepts an offer.
std::string to_string(const compression_params& accepted);

/// Compresses the messages of a server.
class compressor {
public:
  explicit compressor(const compression_params& params);

  /// Compresses a message.
  std::string compress(std::string_view message);

private:
  boost::beast::zlib::deflate_stream stream_;
  const bool forgets_;
};

/// Decompresses the messages of a client.
class decompressor {
public:
  explicit decompressor(const compression_params& params);

  /// Decompresses a part of a message.
  /// @param max the maximum size of `to`, in bytes.
  /// @returns what is wrong, if anything is. Nothing may follow then.
  std::optional<close_code> append(std::string_view part, std::string& to,
                                   size_t max);

  /// Ends a message.
  std::optional<close_code> finish(std::string& to, size_t max);

private:
  boost::beast::zlib::inflate_stream stream_;
  bool at_end_of_block_ = false;
};

} // namespace waybill::net
