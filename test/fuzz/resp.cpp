// Fuzzes replies of Redis. The first byte is the size of the pieces in which
// the rest arrives.

#include <algorithm>
#include <stdexcept>

#include "redis/channel_message.hpp"
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
/// @param quick takes messages as a connection does.
std::vector<redis::reply> read(std::string_view bytes, size_t piece,
                               bool quick) {
  using kind = redis::reply::kind;
  std::vector<redis::reply> result;
  redis::reply_reader reader;
  try {
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
      auto part = bytes.substr(0, piece);
      while (quick && reader.is_idle()) {
        auto name = part.starts_with("*3\r\n$7") ? "message" : "smessage";
        auto message = redis::take_message(part);
        if (!message)
          break;
        result.push_back({kind::list,
                          0,
                          {},
                          {{kind::text, 0, name},
                           {kind::text, 0, std::string{message->channel}},
                           {kind::text, 0, std::string{message->text}}}});
      }
      reader.feed(part);
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
  auto whole = read(bytes, bytes.size(), false);
  for (auto quick : {false, true}) {
    auto pieces = read(bytes, 1 + data[0], quick);
    fuzz::require(std::equal(whole.begin(), whole.end(), pieces.begin(),
                             pieces.end(), equal),
                  "the replies depend neither on the segmentation nor on the "
                  "reader");
  }
  return 0;
}
