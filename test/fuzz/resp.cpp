// Fuzzes replies of Redis. The first byte is the size of the pieces in which
// the rest arrives.

#include <algorithm>
#include <stdexcept>

#include "redis/resp.hpp"
#include "test/fuzz/require.hpp"

using namespace waybill;

namespace {

bool equal(const redis::reply& x, const redis::reply& y) {
  return x.type == y.type && x.number == y.number && x.text == y.text
         && std::equal(x.items.begin(), x.items.end(), y.items.begin(),
                       y.items.end(), equal);
}

/// Parses replies from `bytes`, which arrive in pieces of that size, until one
/// is malformed.
std::vector<redis::reply> read(std::string_view bytes, size_t piece) {
  std::vector<redis::reply> result;
  redis::reply_reader reader;
  try {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
      reader.feed(bytes.substr(0, piece));
      while (auto next = reader.next())
        result.push_back(*std::move(next));
    }
  } catch (const std::runtime_error&) {
    // A connection would be closed.
  }
  return result;
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0)
    return 0;
  auto bytes = fuzz::text_of(data + 1, size - 1);
  auto whole = read(bytes, bytes.size());
  auto pieces = read(bytes, 1 + data[0]);
  fuzz::require(
    std::equal(whole.begin(), whole.end(), pieces.begin(), pieces.end(), equal),
    "the replies do not depend on the segmentation");
  return 0;
}
