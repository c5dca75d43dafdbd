// Measures encoding and decoding of a push for Redis.

#include <benchmark/benchmark.h>

#include "redis/channel_message.hpp"
#include "redis/client.hpp"
#include "redis/codec.hpp"
#include "redis/ingress_message.hpp"
#include "redis/resp.hpp"

using namespace waybill;
using namespace waybill::redis;

namespace {

const push push{"node1-0123abcd-1000", make_text(std::string(100, 'x'))};

void encode_push(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(encode(push));
}

void decode_push(benchmark::State& state) {
  auto bytes = encode(push);
  for (auto _ : state)
    if (!decode(bytes))
      state.SkipWithError("refused");
}

void write_publish(benchmark::State& state) {
  command publish{"PUBLISH", "waybill:{id:456}", encode(push)};
  std::string out;
  for (auto _ : state) {
    out.clear();
    append(out, publish);
    benchmark::DoNotOptimize(out.data());
  }
}

void read_number(benchmark::State& state) {
  reply_reader reader;
  for (auto _ : state) {
    reader.feed(":1\r\n");
    if (!reader.next())
      state.SkipWithError("not whole");
  }
}

void read_message(benchmark::State& state) {
  // Commands and messages have the same encoding.
  std::string bytes;
  append(bytes, {"message", "waybill:{id:456}", encode(push)});
  for (auto _ : state) {
    std::string_view rest = bytes;
    auto found = take_message(rest);
    if (!found)
      state.SkipWithError("not whole");
    else
      benchmark::DoNotOptimize(
        message{std::string{found->channel}, std::string{found->text}});
  }
}

void parse_ingress_message(benchmark::State& state) {
  auto json = R"({"KEY":456,"VALUE":")" + std::string(100, 'x') + R"("})";
  for (auto _ : state)
    if (!parse_ingress(json, 256 << 10))
      state.SkipWithError("refused");
}

BENCHMARK(encode_push)->Name("encode a push");
BENCHMARK(decode_push)->Name("decode a push");
BENCHMARK(write_publish)->Name("write PUBLISH");
BENCHMARK(read_number)->Name("read its reply");
BENCHMARK(read_message)->Name("read a message of a channel");
BENCHMARK(parse_ingress_message)->Name("parse a message of the open channel");

} // namespace
