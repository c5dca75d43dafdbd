#define CAF_SUITE message_buffer

#include "net/websocket/message_buffer.hpp"

#include <algorithm>
#include <cstring>

#include <caf/test/dsl.hpp>

namespace message_buffer_suite {

using namespace waybill::net;

namespace {

/// Reads a message in parts of at most so many bytes.
std::string read(message_buffer& aut, std::string_view message, size_t most) {
  while (!message.empty()) {
    auto part = aut.prepare();
    auto size = std::min({part.size(), message.size(), most});
    std::memcpy(part.data(), message.data(), size);
    aut.commit(size);
    message.remove_prefix(size);
  }
  return aut.take();
}

} // namespace

CAF_TEST(a message is its parts whatever their sizes) {
  message_buffer aut;
  for (size_t size : {0, 1, 63, 64, 65, 128, 4160, 4161, 10'000}) {
    std::string message;
    for (size_t i = 0; i < size; ++i)
      message += static_cast<char>(i % 251);
    for (size_t most : {1, 7, 64, 100'000})
      CAF_CHECK_EQUAL(read(aut, message, most), message);
  }
}

CAF_TEST(there is always room for more) {
  message_buffer aut;
  for (int i = 0; i < 10'000; ++i) {
    CAF_REQUIRE_GREATER(aut.prepare().size(), 0u);
    aut.commit(1);
  }
}

} // namespace message_buffer_suite
