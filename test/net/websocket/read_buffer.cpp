#define CAF_SUITE read_buffer

#include "net/websocket/read_buffer.hpp"

#include <string>

#include "test/fixture.hpp"

namespace read_buffer_suite {

using namespace waybill::net;

namespace {

/// Reads so many bytes, at most what the buffer has room for.
std::string read(read_buffer& aut, size_t size) {
  auto space = aut.prepare();
  size = std::min(size, space.size());
  std::fill_n(static_cast<char*>(space.data()), size, 'x');
  return std::string{aut.read(size)};
}

} // namespace

CAF_TEST(returns the bytes of each read) {
  read_buffer aut;
  for (size_t size : {1, 64, 4096, 1000, 0, 63})
    CAF_CHECK_EQUAL(read(aut, size), std::string(size, 'x'));
}

CAF_TEST(is large only after reads that fill it) {
  read_buffer aut;
  auto small = aut.prepare().size();
  CAF_CHECK(small < 100);
  read(aut, small - 1);
  CAF_CHECK_EQUAL(aut.prepare().size(), small);
  read(aut, small);
  auto large = aut.prepare().size();
  CAF_CHECK(large > 1000);
  read(aut, large);
  CAF_CHECK_EQUAL(aut.prepare().size(), large);
  read(aut, large - 1);
  CAF_CHECK_EQUAL(aut.prepare().size(), small);
}

} // namespace read_buffer_suite
