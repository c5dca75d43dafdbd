#include "net/websocket/compression.hpp"

#include <array>
#include <charconv>
#include <utility>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/zlib/error.hpp>

namespace waybill::net {

namespace {

namespace zlib = boost::beast::zlib;
using boost::beast::iequals;
using boost::system::error_code;

constexpr int max_window_bits = 15;

/// Parses the size of a window (RFC 7692, section 7.1.2).
/// @returns nothing if it is not at least `min`.
std::optional<int> parse_bits(std::string_view text, int min) {
  int result = 0;
  auto [end, ec]
    = std::from_chars(text.data(), text.data() + text.size(), result);
  if (ec != std::errc{} || end != text.data() + text.size()
      || text.starts_with('0') || result < min || result > max_window_bits)
    return std::nullopt;
  return result;
}

/// Parses the parameters of an offer.
/// @returns nothing if it must be declined (RFC 7692, section 7), or asks for a
///          window that zlib cannot have.
template <class Params>
std::optional<compression_params> parse_offer(const Params& params) {
  compression_params result;
  auto has_client_bits = false;
  for (auto& [name, text] : params) {
    std::string_view value{text.data(), text.size()};
    if (iequals(name, "server_no_context_takeover")) {
      if (std::exchange(result.server_no_context_takeover, true)
          || !value.empty())
        return std::nullopt;
    } else if (iequals(name, "client_no_context_takeover")) {
      if (std::exchange(result.client_no_context_takeover, true)
          || !value.empty())
        return std::nullopt;
    } else if (iequals(name, "server_max_window_bits")) {
      if (std::exchange(result.server_max_window_bits, parse_bits(value, 9))
          || !result.server_max_window_bits)
        return std::nullopt;
    } else if (iequals(name, "client_max_window_bits")) {
      if (std::exchange(has_client_bits, true))
        return std::nullopt;
      // Without a value, it lets the server choose, which takes the maximum.
      if (value.empty())
        continue;
      result.client_max_window_bits = parse_bits(value, 8);
      if (!result.client_max_window_bits)
        return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return result;
}

} // namespace

std::optional<compression_params> accept_compression(std::string_view offers) {
  boost::beast::http::ext_list list{{offers.data(), offers.size()}};
  for (auto& [name, params] : list)
    if (iequals(name, "permessage-deflate"))
      if (auto result = parse_offer(params))
        return result;
  return std::nullopt;
}

std::string to_string(const compression_params& accepted) {
  std::string result = "permessage-deflate";
  if (accepted.server_no_context_takeover)
    result += "; server_no_context_takeover";
  if (accepted.client_no_context_takeover)
    result += "; client_no_context_takeover";
  if (auto bits = accepted.server_max_window_bits)
    result += "; server_max_window_bits=" + std::to_string(*bits);
  if (auto bits = accepted.client_max_window_bits)
    result += "; client_max_window_bits=" + std::to_string(*bits);
  return result;
}

compressor::compressor(const compression_params& params)
    : forgets_(params.server_no_context_takeover) {
  constexpr int level = 8;
  // 136 KiB a session, half of what zlib takes by default.
  constexpr int memory = 4;
  stream_.reset(level, params.server_max_window_bits.value_or(max_window_bits),
                memory, zlib::Strategy::normal);
}

std::string compressor::compress(std::string_view message) {
  // The end of a block, and its marker.
  constexpr size_t extra = 16;
  std::string result(stream_.upper_bound(message.size()) + extra, '\0');
  zlib::z_params space;
  space.next_in = message.data();
  space.avail_in = message.size();
  space.next_out = result.data();
  space.avail_out = result.size();
  // It has nothing to do for an empty message, which is no error.
  error_code ignored;
  stream_.write(space, zlib::Flush::block, ignored);
  stream_.write(space, zlib::Flush::sync, ignored);
  // The marker is not sent (RFC 7692, section 7.2.1).
  constexpr size_t marker = 4;
  result.resize(space.total_out - marker);
  if (forgets_)
    stream_.reset();
  return result;
}

decompressor::decompressor(const compression_params& params) {
  stream_.reset(params.client_max_window_bits.value_or(max_window_bits));
}

std::optional<close_code> decompressor::append(std::string_view part,
                                               std::string& to, size_t max) {
  std::array<char, 4096> output;
  zlib::z_params space;
  space.next_in = part.data();
  space.avail_in = part.size();
  do {
    space.next_out = output.data();
    space.avail_out = output.size();
    error_code ec;
    stream_.write(space, zlib::Flush::sync, ec);
    to.append(output.data(), output.size() - space.avail_out);
    if (to.size() > max)
      return close_code::too_big;
    // Also reported if all has been read and written already.
    if (ec && ec != zlib::error::need_buffers)
      return close_code::protocol_error;
  } while (space.avail_out == 0);
  constexpr int end_of_block = 0x80;
  at_end_of_block_ = (space.data_type & end_of_block) != 0;
  return std::nullopt;
}

std::optional<close_code> decompressor::finish(std::string& to, size_t max) {
  // The marker that the client has not sent (RFC 7692, section 7.2.2).
  constexpr std::string_view marker{"\0\0\xff\xff", 4};
  if (auto wrong = append(marker, to, max))
    return wrong;
  if (!at_end_of_block_)
    return close_code::protocol_error;
  return std::nullopt;
}

} // namespace waybill::net
