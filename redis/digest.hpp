#pragma once

#include <string>
#include <string_view>

namespace waybill::redis {

/// Returns the SHA-1 of `bytes` in hexadecimal, the name of a script in Redis.
std::string sha1(std::string_view bytes);

/// Returns the SHA-256 of `bytes` in hexadecimal.
std::string sha256(std::string_view bytes);

} // namespace waybill::redis
