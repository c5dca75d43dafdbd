#include "app/commands/token.hpp"

#include <chrono>
#include <iostream>
#include <variant>

#include "app/options/cli.hpp"
#include "app/options/file.hpp"
#include "net/auth/tokens.hpp"
#include "net/config.hpp"

namespace waybill::app {

namespace {

/// Reads the signing key: of several secrets the first, which is the newest.
/// @returns the key, or an exit code.
std::variant<std::string, int>
read_signing_key(const std::string& file, net::token_algorithm algorithm) {
  auto text = read_file(file);
  if (!text)
    return fail(2, "cannot read " + file + ": " + read_failure(file));
  if (algorithm != net::token_algorithm::hs256)
    return *std::move(text);
  auto keys = net::parse_token_keys(algorithm, *text);
  if (auto wrong = std::get_if<std::string>(&keys))
    return fail(2, file + ": " + *wrong);
  return std::get<std::vector<std::string>>(keys).front();
}

} // namespace

int run_token(std::vector<std::string> arguments) {
  CLI::App parser{"Creates a token that admits a client: a JSON Web Token.",
                  "waybill token"};
  net::token token;
  net::token_rules rules;
  std::string file;
  std::chrono::milliseconds time{3'600'000};
  parser.add_option("--sub", token.subject, "Id of the client")->required();
  parser
    .add_option("--jwt-key-file", file,
                "File of the signing key: a secret, or a private key in PEM")
    ->required();
  add(parser, "--jwt-alg", rules.algorithm, &net::parse_algorithm,
      "HS256, RS256 or ES256", "HS256",
      "Algorithm of the signature: HS256, RS256, ES256");
  add(parser, "--expires", time, &net::parse_duration, duration_form, "1h",
      "Time until the token expires");
  parser.add_option("--topic", token.topics,
                    "Pattern of topics that the client may listen to, such as "
                    "news or order-*; repeatable");
  parser.add_option("--jwt-audience", rules.audience, "Value of aud");
  parser.add_option("--jwt-issuer", rules.issuer, "Value of iss");
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  auto key = read_signing_key(file, rules.algorithm);
  if (auto code = std::get_if<int>(&key))
    return *code;
  rules.keys.push_back(std::get<std::string>(std::move(key)));
  token.expiry = std::chrono::system_clock::now() + time;
  auto made = net::make_token(rules, token);
  if (!made)
    return fail(2, "the key in " + file + " cannot sign");
  std::cout << *made << std::endl;
  return 0;
}

} // namespace waybill::app
