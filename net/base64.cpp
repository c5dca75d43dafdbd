#include "net/base64.hpp"

#include <openssl/evp.h>

namespace waybill::net {

std::string to_base64(std::string_view bytes) {
  std::string result((bytes.size() + 2) / 3 * 4, '\0');
  // OpenSSL ends the digits with a null, for which a string has room.
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(result.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  return result;
}

} // namespace waybill::net
