// Measures parsing of a push by HTTP.

#include <benchmark/benchmark.h>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "net/api/push_options.hpp"
#include "net/http/request.hpp"

using namespace waybill;
using namespace waybill::net;

namespace {

constexpr std::string_view head = "POST /socket/456?receipt=written&wait=2s "
                                  "HTTP/1.1\r\n"
                                  "Host: waybill.example.com:8080\r\n"
                                  "User-Agent: curl/7.88.1\r\n"
                                  "Accept: */*\r\n"
                                  "Content-Length: 100\r\n"
                                  "Content-Type: text/plain\r\n\r\n";

/// Parses a head as `http_connection` does.
/// @returns its target; nothing if it is refused.
std::optional<target> read_head(std::string_view bytes) {
  auto size = find_head_end(bytes);
  if (size <= 0 || check_head(bytes, 100))
    return std::nullopt;
  http::request_parser<http::empty_body> parser;
  boost::system::error_code ec;
  parser.put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
  auto& fields = parser.get().base();
  if (ec || check_fields(fields))
    return std::nullopt;
  auto result = parse_target(fields.target(), fields[http::field::host]);
  if (auto parsed = std::get_if<target>(&result))
    return std::move(*parsed);
  return std::nullopt;
}

void parse_head(benchmark::State& state) {
  for (auto _ : state)
    if (!read_head(head))
      state.SkipWithError("refused");
}

void parse_parameters(benchmark::State& state) {
  auto query = read_head(head).value().query;
  for (auto _ : state) {
    auto result = parse_push_options(query, push_address::id("456"));
    if (!std::holds_alternative<push_options>(result))
      state.SkipWithError("refused");
  }
}

void parse_batch_line(benchmark::State& state) {
  auto line
    = R"({"to":"456","message":")" + std::string(100, 'x') + R"(","ttl":60})";
  for (auto _ : state) {
    auto result = parse_line(line);
    if (!std::holds_alternative<batch_line>(result))
      state.SkipWithError("refused");
  }
}

BENCHMARK(parse_head)->Name("parse the head of a push");
BENCHMARK(parse_parameters)->Name("parse its parameters");
BENCHMARK(parse_batch_line)->Name("parse a line of a batch");

} // namespace
