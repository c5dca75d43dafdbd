#define CAF_SUITE frame_reader

#include "net/websocket/frame_reader.hpp"

#include <vector>

#include "test/fixture.hpp"

namespace frame_reader_suite {

using namespace waybill;
using namespace waybill::net;
using namespace std::string_literals;

namespace {

constexpr size_t max_message = 100'000;

/// Masks bytes as a client does.
std::string mask(std::string bytes) {
  constexpr std::string_view key = "\x12\x34\x56\x78";
  for (size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(bytes[i] ^ key[i % 4]);
  return std::string{key} + bytes;
}

/// Builds the head of a frame without its mask.
/// @param width the size of the length: 0, 2 or 8.
std::string head_bytes(uint8_t first, uint64_t size, int width) {
  std::string result{static_cast<char>(first)};
  result += static_cast<char>(0x80
                              | (width == 0   ? size
                                 : width == 2 ? 126
                                              : 127));
  for (auto shift = 8 * width; shift > 0; shift -= 8)
    result += static_cast<char>(size >> (shift - 8));
  return result;
}

/// Builds a frame as a client sends it.
std::string frame_of(uint8_t first, const std::string& body) {
  auto width = body.size() < 126 ? 0 : body.size() < 0x10000 ? 2 : 8;
  return head_bytes(first, body.size(), width) + mask(body);
}

constexpr uint8_t text = 0x81;
constexpr uint8_t binary = 0x82;
constexpr uint8_t first_text = 0x01;
constexpr uint8_t middle = 0x00;
constexpr uint8_t last = 0x80;
constexpr uint8_t closing = 0x88;
constexpr uint8_t ping = 0x89;
constexpr uint8_t pong = 0x8a;
constexpr uint8_t compressed = 0x40;

std::string to_string(const frame_reader::event& event) {
  struct printer {
    std::string operator()(const frame_reader::message& x) const {
      return (x.type == payload::format::text ? "text " : "binary ") + x.bytes;
    }
    std::string operator()(const frame_reader::ping& x) const {
      return "ping " + x.bytes;
    }
    std::string operator()(const frame_reader::pong& x) const {
      return "pong " + x.bytes;
    }
    std::string operator()(const frame_reader::close& x) const {
      return "close " + std::to_string(x.code);
    }
    std::string operator()(const frame_reader::violation& x) const {
      return "violation " + to_string(x.code);
    }
    static std::string to_string(close_code code) {
      return waybill::to_string(code);
    }
  };
  return std::visit(printer{}, event);
}

using strings = std::vector<std::string>;

frame_reader make_reader(bool decompresses) {
  frame_reader result{max_message};
  if (decompresses)
    result.accept_compression(
      std::make_unique<decompressor>(compression_params{}));
  return result;
}

/// Reads bytes in pieces of that size, up to the end of the WebSocket.
/// @param count the number of frames.
strings read_pieces(std::string_view bytes, size_t piece, bool decompresses,
                    size_t& count) {
  auto aut = make_reader(decompresses);
  strings result;
  auto is_end = [&] {
    return !result.empty()
           && (result.back().starts_with("close")
               || result.back().starts_with("violation"));
  };
  for (; !bytes.empty() && !is_end();
       bytes.remove_prefix(std::min(piece, bytes.size())))
    for (auto part = bytes.substr(0, piece); !part.empty() && !is_end();)
      if (auto event = aut.read(part))
        result.push_back(to_string(*event));
  count = aut.take_count();
  return result;
}

/// Reads bytes in pieces of all kinds of sizes, which must not matter.
strings read(std::string_view bytes, bool decompresses = false) {
  size_t count = 0;
  auto result = read_pieces(bytes, bytes.size() + 1, decompresses, count);
  for (size_t piece : {1, 2, 3, 7, 1000}) {
    size_t same = 0;
    CAF_CHECK(read_pieces(bytes, piece, decompresses, same) == result);
    CAF_CHECK_EQUAL(same, count);
  }
  return result;
}

/// Returns the code of the violation that ends some bytes; 0 for none.
int violation_of(const std::string& bytes, bool decompresses = false) {
  auto events = read(bytes, decompresses);
  constexpr std::string_view prefix = "violation ";
  return !events.empty() && events.back().starts_with(prefix)
           ? std::stoi(events.back().substr(prefix.size()))
           : 0;
}

} // namespace

CAF_TEST(reads messages and control frames) {
  CAF_CHECK_EQUAL(read(frame_of(text, "a") + frame_of(binary, "\xff")
                       + frame_of(text, "") + frame_of(ping, "p")
                       + frame_of(pong, "") + frame_of(text, "连接")),
                  (strings{"text a", "binary \xff", "text ", "ping p", "pong ",
                           "text 连接"}));
  for (size_t size : {125, 126, 65'535, 65'536, 100'000})
    CAF_CHECK(read(frame_of(binary, std::string(size, 'x')))
              == strings{"binary " + std::string(size, 'x')});
}

CAF_TEST(joins fragments) {
  CAF_CHECK_EQUAL(read(frame_of(first_text, "a") + frame_of(middle, "")
                       + frame_of(middle, "b") + frame_of(last, "c")
                       + frame_of(text, "d")),
                  (strings{"text abc", "text d"}));
  CAF_MESSAGE("with control frames in their midst");
  CAF_CHECK_EQUAL(read(frame_of(first_text, "a") + frame_of(ping, "1")
                       + frame_of(last, "b") + frame_of(pong, "2")),
                  (strings{"ping 1", "text ab", "pong 2"}));
  CAF_MESSAGE("and of a character");
  CAF_CHECK_EQUAL(read(frame_of(first_text, "\xe8") + frame_of(middle, "\xbf")
                       + frame_of(last, "\x9e")),
                  strings{"text 连"});
}

CAF_TEST(counts each frame that has begun) {
  size_t count = 0;
  read_pieces(frame_of(first_text, "a") + frame_of(middle, "")
                + frame_of(ping, "") + frame_of(last, "b").substr(0, 6),
              1000, false, count);
  CAF_CHECK_EQUAL(count, 4u);
  read_pieces(frame_of(text, "a") + frame_of(text, "b").substr(0, 5), 1000,
              false, count);
  CAF_CHECK_EQUAL(count, 1u);
}

CAF_TEST(reads close frames) {
  CAF_CHECK_EQUAL(read(frame_of(closing, "")), strings{"close 1000"});
  CAF_CHECK_EQUAL(read(frame_of(closing, "\x03\xe9"s)), strings{"close 1001"});
  CAF_CHECK_EQUAL(read(frame_of(closing, "\x11\x94 bye 连")),
                  strings{"close 4500"});
  for (auto code : {1000, 1003, 1007, 1013, 3000, 4999, 65'535})
    CAF_CHECK_EQUAL(read(frame_of(closing, {static_cast<char>(code >> 8),
                                            static_cast<char>(code)})),
                    strings{"close " + std::to_string(code)});
  for (auto code : {0, 999, 1004, 1005, 1006, 1014, 1015, 1016, 2999})
    CAF_CHECK_EQUAL(
      violation_of(frame_of(
        closing, {static_cast<char>(code >> 8), static_cast<char>(code)})),
      1002);
  CAF_CHECK_EQUAL(violation_of(frame_of(closing, "x")), 1002);
  CAF_CHECK_EQUAL(violation_of(frame_of(closing, "\x03\xe8\xff")), 1002);
}

CAF_TEST(finds violations) {
  const std::string unmasked[] = {"\x81\x01"
                                  "a",
                                  "\x81\0"s, "\x88\0"s};
  for (auto& bytes : unmasked)
    CAF_CHECK_EQUAL(violation_of(bytes), 1002);
  CAF_MESSAGE("reserved bits and opcodes");
  for (auto bits : {0x10, 0x20, 0x40, 0x70})
    for (auto first : {text, closing, ping, pong})
      CAF_CHECK_EQUAL(violation_of(frame_of(first | bits, "")), 1002);
  for (auto opcode : {3, 7, 11, 15})
    CAF_CHECK_EQUAL(violation_of(frame_of(0x80 | opcode, "")), 1002);
  CAF_MESSAGE("fragments");
  CAF_CHECK_EQUAL(violation_of(frame_of(last, "a")), 1002);
  CAF_CHECK_EQUAL(violation_of(frame_of(middle, "a")), 1002);
  CAF_CHECK_EQUAL(violation_of(frame_of(first_text, "a") + frame_of(text, "")),
                  1002);
  for (auto opcode : {8, 9, 10})
    CAF_CHECK_EQUAL(violation_of(frame_of(opcode, "")), 1002);
  CAF_MESSAGE("lengths");
  CAF_CHECK_EQUAL(violation_of(head_bytes(binary, 125, 2) + mask("")), 1002);
  CAF_CHECK_EQUAL(violation_of(head_bytes(binary, 0xffff, 8) + mask("")), 1002);
  CAF_CHECK_EQUAL(violation_of(frame_of(ping, std::string(126, 'x'))), 1002);
}

CAF_TEST(bounds the size of messages) {
  CAF_CHECK_EQUAL(violation_of(head_bytes(binary, 100'001, 8) + mask("")),
                  1009);
  CAF_CHECK_EQUAL(violation_of(head_bytes(text, UINT64_MAX, 8) + mask("")),
                  1009);
  CAF_CHECK_EQUAL(
    violation_of(frame_of(first_text, std::string(max_message, 'x'))
                 + frame_of(middle, "x")),
    1009);
  CAF_CHECK_EQUAL(violation_of(frame_of(first_text, "x")
                               + head_bytes(middle, UINT64_MAX, 8) + mask("")),
                  1009);
}

CAF_TEST(rejects text with a bad encoding) {
  for (auto bytes : {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xe8\xbf"})
    CAF_CHECK_EQUAL(violation_of(frame_of(text, bytes)), 1007);
  CAF_CHECK_EQUAL(
    violation_of(frame_of(first_text, "\xe8\xbf") + frame_of(last, "")), 1007);
}

CAF_TEST(decompresses messages) {
  compressor client{compression_params{}};
  const std::string long_text(50'000, 'x');
  auto first = client.compress("a");
  auto second = client.compress(long_text);
  auto third = client.compress("");
  CAF_CHECK(read(frame_of(text | compressed, first)
                   + frame_of(first_text | compressed, second.substr(0, 5))
                   + frame_of(ping, "p") + frame_of(last, second.substr(5))
                   + frame_of(text, "plain")
                   + frame_of(binary | compressed, third),
                 true)
            == (strings{"text a", "ping p", "text " + long_text, "text plain",
                        "binary "}));
}

CAF_TEST(finds violations of compression) {
  compressor client{compression_params{}};
  auto whole = client.compress("aaaa");
  CAF_CHECK_EQUAL(violation_of(frame_of(text | compressed, whole)), 1002);
  CAF_CHECK_EQUAL(violation_of(frame_of(ping | compressed, ""), true), 1002);
  CAF_CHECK_EQUAL(violation_of(frame_of(first_text | compressed, whole)
                                 + frame_of(last | compressed, ""),
                               true),
                  1002);
  CAF_CHECK_EQUAL(violation_of(frame_of(binary | compressed, "\x07"), true),
                  1002);
  CAF_CHECK_EQUAL(
    violation_of(
      frame_of(binary | compressed, whole.substr(0, whole.size() - 1)), true),
    1002);
  const std::string bomb(max_message + 1, '\0');
  CAF_CHECK_EQUAL(
    violation_of(frame_of(binary | compressed,
                          compressor{compression_params{}}.compress(bomb)),
                 true),
    1009);
  CAF_CHECK_EQUAL(
    violation_of(frame_of(text | compressed,
                          compressor{compression_params{}}.compress("\xff")),
                 true),
    1007);
}

} // namespace frame_reader_suite
