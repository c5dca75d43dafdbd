#define CAF_SUITE pack

#include "redis/pack.hpp"

#include <caf/test/dsl.hpp>

namespace pack_suite {

using nlohmann::json;
using waybill::redis::pack;

CAF_TEST(the members of a map stand in the order of their names) {
  CAF_CHECK_EQUAL(pack({{"b", 1}, {"a", 2}}), "\x82\xa1"
                                              "a\x02\xa1"
                                              "b\x01");
  CAF_CHECK_EQUAL(pack(json::object()), "\x80");
}

CAF_TEST(each value takes as few bytes as it can) {
  auto size_of = [](json value) { return pack({{"a", value}}).size() - 3; };
  CAF_CHECK_EQUAL(size_of(127), 1u);
  CAF_CHECK_EQUAL(size_of(128), 2u);
  CAF_CHECK_EQUAL(size_of(255), 2u);
  CAF_CHECK_EQUAL(size_of(256), 3u);
  CAF_CHECK_EQUAL(size_of(uint64_t{1} << 32), 9u);
  CAF_CHECK_EQUAL(size_of(true), 1u);
  CAF_CHECK_EQUAL(size_of(std::string(31, 'x')), 32u);
  CAF_CHECK_EQUAL(size_of(std::string(32, 'x')), 34u);
}

CAF_TEST(bytes are told from text and both may be any) {
  std::string any{"\0\xff\x80", 3};
  CAF_CHECK_EQUAL(pack({{"a", any}}).substr(3), "\xa3" + any);
  auto bytes = json::binary({0x00, 0xff, 0x80});
  std::string head{"\xc4\x03", 2};
  CAF_CHECK_EQUAL(pack({{"a", bytes}}).substr(3), head + any);
}

CAF_TEST(a message survives) {
  json message{{"a", {1, -1, "x", nullptr, true}},
               {"b", {{"c", uint64_t(-1)}}}};
  CAF_CHECK(json::from_msgpack(pack(message)) == message);
}

} // namespace pack_suite
