// Fuzzes events: a client gets one event with the payload of a push, whatever
// the size of the pieces, and a position survives a round trip.

#include <boost/archive/iterators/binary_from_base64.hpp>
#include <boost/archive/iterators/transform_width.hpp>

#include "actors/core/text.hpp"
#include "net/events/event_encoder.hpp"
#include "net/events/event_position.hpp"
#include "test/fuzz/require.hpp"
#include "test/net/events/event_source.hpp"

using namespace waybill;
using fuzz::require;

namespace {

/// Replaces each end of a line by LF.
std::string normalize(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] != '\r')
      result += text[i];
    else if (!text.substr(i + 1).starts_with('\n'))
      result += '\n';
  return result;
}

std::string decode(std::string text, size_t size) {
  using namespace boost::archive::iterators;
  using iterator
    = transform_width<binary_from_base64<std::string::const_iterator>, 8, 6>;
  for (auto i = text.find('='); i < text.size(); ++i)
    text[i] = 'A';
  std::string result{iterator{text.begin()}, iterator{text.end()}};
  result.resize(size);
  return result;
}

void check_event(const payload& data, size_t size) {
  std::string stream;
  for (net::event_encoder aut{"hello", "1-0", data}; !aut.is_done();) {
    auto piece = aut.next(size);
    require(piece.size() <= size + 40, "a piece has about its size");
    stream += piece;
  }
  test::event_source client{stream};
  require(client.events.size() == 1, "a payload is one event");
  auto& event = client.events[0];
  require(event.id == "1-0", "an event has its id");
  if (data.type() == payload::format::text)
    require(event.type == "hello" && event.data == normalize(data.bytes()),
            "a text is unchanged but for the ends of its lines");
  else
    require(event.type == "binary"
              && decode(event.data, data.size()) == data.bytes(),
            "bytes are unchanged");
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0)
    return 0;
  auto bytes = fuzz::text_of(data + 1, size - 1);
  if (is_utf8(bytes))
    check_event(make_text(std::string{bytes}), data[0]);
  check_event({payload::format::binary, std::string{bytes}}, data[0]);
  if (auto position = net::event_position::parse(bytes))
    require(net::event_position::parse(to_string(*position)) == position,
            "a position survives a round trip");
  return 0;
}
