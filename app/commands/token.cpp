#include "app/commands/token.hpp"

#include <chrono>
#include <iostream>
#include <variant>

#include <nlohmann/json.hpp>

#include "app/commands/output.hpp"
#include "app/commands/token_check.hpp"
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

/// The arguments of `waybill token`.
struct token_arguments {
  net::token token;
  net::token_rules rules;
  std::string file;
  std::chrono::milliseconds time{3'600'000};
  bool as_json = false;
};

void declare(CLI::App& parser, token_arguments& from) {
  parser.add_option("--sub", from.token.subject, "Id of the client")
    ->required();
  parser
    .add_option("--jwt-key-file", from.file,
                "File of the signing key: a secret, or a private key in PEM")
    ->required();
  add(parser, "--jwt-alg", from.rules.algorithm, &net::parse_algorithm,
      "HS256, RS256 or ES256", "HS256",
      "Algorithm of the signature: HS256, RS256, ES256");
  add(parser, "--expires", from.time, &net::parse_duration, duration_form, "1h",
      "Time until the token expires");
  parser.add_option("--topic", from.token.topics,
                    "Pattern of topics that the client may listen to, such as "
                    "news or order-*; repeatable");
  parser.add_option("--jwt-audience", from.rules.audience, "Value of aud");
  parser.add_option("--jwt-issuer", from.rules.issuer, "Value of iss");
  parser.add_flag("--json", from.as_json,
                  "Print a JSON object instead of the token alone");
  parser.add_subcommand("check", "Tells what a token allows, or why a node "
                                 "refuses it");
  add_examples(parser,
               {"waybill token --sub 456 --jwt-key-file secret --expires 15m",
                "waybill token --sub 456 --jwt-key-file secret --topic news"});
}

} // namespace

int run_token(std::vector<std::string> arguments) {
  // The options that make a token are required, but not to check one.
  if (!arguments.empty() && arguments.front() == "check")
    return run_token_check({arguments.begin() + 1, arguments.end()});
  CLI::App parser{"Creates a token that admits a client: a JSON Web Token.",
                  "waybill token"};
  token_arguments from;
  declare(parser, from);
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  auto key = read_signing_key(from.file, from.rules.algorithm);
  if (auto code = std::get_if<int>(&key))
    return *code;
  from.rules.keys.push_back(std::get<std::string>(std::move(key)));
  from.token.expiry = std::chrono::system_clock::now() + from.time;
  auto made = net::make_token(from.rules, from.token);
  if (!made)
    return fail(2, "the key in " + from.file + " cannot sign");
  if (!from.as_json)
    std::cout << *made << std::endl;
  else
    print_line(nlohmann::ordered_json{{"token", *made},
                                      {"sub", from.token.subject},
                                      {"expires", time_of(from.token.expiry)},
                                      {"topics", from.token.topics}}
                 .dump());
  return 0;
}

} // namespace waybill::app
