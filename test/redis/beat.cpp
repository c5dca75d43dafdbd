#define CAF_SUITE beat

#include "redis/beat.hpp"

#include <limits>

#include <caf/test/dsl.hpp>

#include "redis/pack.hpp"

namespace beat_suite {

using namespace waybill::redis;

namespace {

using nlohmann::json;

/// Returns a well-formed beat with another member.
json make(const std::string& name, json value) {
  json result{{"kind", "beat"}, {"node", "n2"}, {"client", 7}};
  result[name] = std::move(value);
  return result;
}

/// Returns lists in each other.
json nested(int depth) {
  json result = json::array();
  for (int i = 1; i < depth; ++i)
    result = json::array({std::move(result)});
  return result;
}

/// Returns a beat as it comes with another member.
waybill::redis::beat read(const std::string& name, const json& value) {
  auto result = decode_beat(pack(make(name, value)));
  CAF_REQUIRE(result);
  return *result;
}

} // namespace

CAF_TEST(a beat survives the way between nodes) {
  for (auto client : {uint64_t{0}, uint64_t{7}, uint64_t{1} << 32,
                      std::numeric_limits<uint64_t>::max()})
    for (auto leaving : {false, true})
      for (auto missing : {false, true}) {
        auto x = decode_beat(
          encode(waybill::redis::beat{"n2", client, leaving, missing}));
        CAF_REQUIRE(x);
        CAF_CHECK_EQUAL(x->node, "n2");
        CAF_CHECK_EQUAL(x->client, client);
        CAF_CHECK_EQUAL(x->leaving, leaving);
        CAF_CHECK_EQUAL(x->missing, missing);
      }
}

CAF_TEST(a beat has its own members in each release) {
  CAF_CHECK_EQUAL(encode(waybill::redis::beat{"n2", 7}),
                  "\x83\xa6"
                  "client\x07\xa4kind\xa4"
                  "beat\xa4node\xa2n2");
  CAF_CHECK_EQUAL(encode(waybill::redis::beat{"n2", 7, true}),
                  "\x84\xa6"
                  "client\x07\xa4kind\xa4"
                  "beat\xa7leaving\xc3\xa4node\xa2n2");
}

CAF_TEST(members that this release does not know are skipped) {
  auto x = decode_beat(pack(make("load", {{"cpu", {1}}})));
  CAF_REQUIRE(x);
  CAF_CHECK_EQUAL(x->node, "n2");
  CAF_CHECK_EQUAL(x->client, 7u);
}

CAF_TEST(members that are missing or of another type have defaults) {
  auto x = decode_beat(pack({{"kind", "beat"}, {"node", "n3"}}));
  CAF_REQUIRE(x);
  CAF_CHECK_EQUAL(x->client, 0u);
  CAF_CHECK(!x->leaving && !x->missing);
  for (auto& value : {json(-1), json("7"), json(1.5), json(nullptr), nested(1)})
    CAF_CHECK_EQUAL(read("client", value).client, 0u);
  for (auto& value : {json(1), json("true"), json(nullptr), json(false)}) {
    CAF_CHECK(!read("leaving", value).leaving);
    CAF_CHECK(!read("missing", value).missing);
  }
}

CAF_TEST(a beat without a node or of another kind is none) {
  for (auto& other :
       {json{{"kind", "beat"}}, json{{"node", "n3"}}, make("kind", "kick"),
        make("kind", 1), make("node", 3), make("node", nullptr), json::array(),
        json("beat"), json(7), json(nullptr), json::object()})
    CAF_CHECK(!decode_beat(pack(other)));
}

CAF_TEST(bytes that are no MessagePack are no beat) {
  auto bytes = encode(waybill::redis::beat{"n2", 7, true, true});
  for (size_t size = 0; size < bytes.size(); ++size)
    CAF_CHECK(!decode_beat(bytes.substr(0, size)));
  CAF_CHECK(!decode_beat(bytes + '\x01'));
  CAF_CHECK(!decode_beat("nonsense"));
  CAF_CHECK(!decode_beat("\xc1"));
}

CAF_TEST(what nests deeper than a parser may go is no beat) {
  // The beat itself is one level.
  CAF_CHECK(decode_beat(pack(make("load", nested(63)))));
  CAF_CHECK(!decode_beat(pack(make("load", nested(64)))));
  CAF_CHECK(!decode_beat(std::string(1 << 20, '\x91')));
}

} // namespace beat_suite
