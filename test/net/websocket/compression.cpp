#define CAF_SUITE compression

#include "net/websocket/compression.hpp"

#include "test/fixture.hpp"

namespace compression_suite {

using namespace waybill;
using namespace waybill::net;
using namespace std::string_literals;

namespace {

constexpr size_t max = 100'000;

/// Returns the response to offers; empty if none is accepted.
std::string answer(std::string_view offers) {
  auto accepted = accept_compression(offers);
  return accepted ? to_string(*accepted) : "";
}

/// Makes noise, which cannot be compressed.
std::string noise(size_t size) {
  std::string result;
  uint32_t state = 1;
  for (size_t i = 0; i < size; ++i)
    result += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return result;
}

/// Decompresses a message in pieces.
std::string decompress(decompressor& aut, std::string_view bytes,
                       size_t piece) {
  std::string result;
  auto failed = false;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size())))
    failed |= aut.append(bytes.substr(0, piece), result, max).has_value();
  CAF_REQUIRE(!failed);
  CAF_REQUIRE(!aut.finish(result, max));
  return result;
}

} // namespace

CAF_TEST(accepts the first usable offer) {
  CAF_CHECK_EQUAL(answer("permessage-deflate"), "permessage-deflate");
  CAF_CHECK_EQUAL(answer("x, Permessage-Deflate; client_max_window_bits"),
                  "permessage-deflate");
  CAF_CHECK_EQUAL(answer("permessage-deflate; client_max_window_bits=8; "
                         "server_max_window_bits=\"10\"; "
                         "client_no_context_takeover; "
                         "server_no_context_takeover"),
                  "permessage-deflate; server_no_context_takeover; "
                  "client_no_context_takeover; server_max_window_bits=10; "
                  "client_max_window_bits=8");
  CAF_CHECK_EQUAL(answer("permessage-deflate; x=1, permessage-deflate; "
                         "server_no_context_takeover"),
                  "permessage-deflate; server_no_context_takeover");
}

CAF_TEST(declines bad offers) {
  for (auto params :
       {"x", "server_max_window_bits",
        "server_max_window_bits=", "server_max_window_bits=8",
        "server_max_window_bits=16", "server_max_window_bits=010",
        "server_max_window_bits=9x", "client_max_window_bits=7",
        "client_max_window_bits=16", "client_max_window_bits=-9",
        "server_no_context_takeover=1", "client_no_context_takeover=1",
        "client_max_window_bits; client_max_window_bits=9",
        "server_max_window_bits=9; server_max_window_bits=9",
        "server_no_context_takeover; server_no_context_takeover",
        "client_no_context_takeover; client_no_context_takeover"})
    CAF_CHECK_EQUAL(answer("permessage-deflate; "s + params), "");
  for (auto offers : {"", ";", "x", "permessage-bzip2", "\"", ", ,"})
    CAF_CHECK_EQUAL(answer(offers), "");
}

CAF_TEST(decompresses what it compresses) {
  const std::string messages[] = {"",
                                  "",
                                  "a",
                                  "aaaaaaaaaaaaaaaaaaaa",
                                  std::string(70'000, 'b'),
                                  noise(70'000),
                                  "",
                                  noise(70'000)};
  std::vector<compression_params> all(3);
  all[1].server_no_context_takeover = true;
  all[1].client_no_context_takeover = true;
  all[2].server_max_window_bits = 9;
  all[2].client_max_window_bits = 9;
  for (auto& params : all)
    for (size_t piece : {1, 7, 100'000}) {
      compressor server{params};
      // It reads what the server writes here.
      decompressor client{params};
      for (auto& message : messages) {
        auto compressed = server.compress(message);
        CAF_CHECK(decompress(client, compressed, piece) == message);
      }
    }
}

CAF_TEST(refers to earlier messages unless the client declines that) {
  compression_params params;
  compressor aut{params};
  auto first = aut.compress("a message that is repeated");
  CAF_CHECK(aut.compress("a message that is repeated").size() < first.size());
  params.server_no_context_takeover = true;
  compressor forgetful{params};
  CAF_CHECK_EQUAL(forgetful.compress("a message that is repeated"), first);
  CAF_CHECK_EQUAL(forgetful.compress("a message that is repeated"), first);
}

CAF_TEST(bounds the size of a message) {
  const auto small = compressor{{}}.compress(std::string(10'000'000, '\0'));
  decompressor aut{{}};
  std::string message;
  CAF_CHECK(aut.append(small, message, max) == close_code::too_big);
  CAF_CHECK(message.size() < max + 10'000);
  const auto exact = compressor{{}}.compress(std::string(max, '\0'));
  decompressor other{{}};
  message.clear();
  CAF_CHECK(!other.append(exact, message, max));
  CAF_CHECK(!other.finish(message, max));
  CAF_CHECK_EQUAL(message.size(), max);
}

CAF_TEST(rejects bad data) {
  std::string message;
  for (auto& bytes : {"\x07"s, std::string(100, '\xff')})
    CAF_CHECK(decompressor{{}}.append(bytes, message, max)
              == close_code::protocol_error);
  const auto whole = compressor{{}}.compress("aaaa");
  for (size_t size = 0; size < whole.size(); ++size) {
    CAF_MESSAGE("cut after " << size);
    decompressor aut{{}};
    CAF_CHECK(!aut.append(whole.substr(0, size), message, max));
    CAF_CHECK(aut.finish(message, max) == close_code::protocol_error);
  }
}

} // namespace compression_suite
