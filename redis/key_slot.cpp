#include "redis/key_slot.hpp"

#include <boost/crc.hpp>

namespace waybill::redis {

namespace {

/// Returns the part of a key that is hashed.
std::string_view hashed_part(std::string_view key) noexcept {
  auto begin = key.find('{');
  if (begin == key.npos)
    return key;
  auto end = key.find('}', begin + 1);
  if (end == key.npos || end == begin + 1)
    return key;
  return key.substr(begin + 1, end - begin - 1);
}

} // namespace

uint16_t key_slot(std::string_view key) noexcept {
  // CRC16-XMODEM.
  boost::crc_optimal<16, 0x1021, 0, 0, false, false> crc;
  auto part = hashed_part(key);
  crc.process_bytes(part.data(), part.size());
  return static_cast<uint16_t>(crc.checksum() % slot_count);
}

} // namespace waybill::redis
