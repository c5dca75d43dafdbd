#include "app/commands.hpp"

#include <chrono>
#include <filesystem>
#include <iostream>
#include <variant>

#include <fcntl.h>
#include <unistd.h>

#include "app/cli.hpp"
#include "app/file.hpp"
#include "net/api_keys.hpp"
#include "net/config.hpp"
#include "net/tokens.hpp"

namespace waybill::app {

namespace {

/// Reads the key that is to sign: a file of secrets may hold several, the first
/// of which is the newest.
std::variant<std::string, int>
read_signing_key(const std::string& file, net::token_algorithm algorithm) {
  auto text = read_file(file);
  if (!text)
    return fail(2, "cannot read " + file);
  if (algorithm != net::token_algorithm::hs256)
    return *std::move(text);
  auto keys = net::parse_token_keys(algorithm, *text);
  if (auto wrong = std::get_if<std::string>(&keys))
    return fail(2, file + ": " + *wrong);
  return std::get<std::vector<std::string>>(keys).front();
}

/// Adds a text to a file that nobody else may read.
bool append(const std::string& file, const std::string& text) {
  auto out
    = open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (out < 0)
    return false;
  auto written = write(out, text.data(), text.size());
  return close(out) == 0 && written == static_cast<ssize_t>(text.size());
}

} // namespace

int run_token(std::vector<std::string> arguments) {
  CLI::App parser{"Makes a token with which a client is let in: a JSON Web "
                  "Token.",
                  "waybill token"};
  net::token token;
  net::token_rules rules;
  std::string file;
  std::chrono::milliseconds time{3'600'000};
  parser.add_option("--sub", token.subject, "Id of the client")->required();
  parser
    .add_option("--jwt-key-file", file,
                "File of the key that signs: a secret, or a private key in PEM")
    ->required();
  add(parser, "--jwt-alg", rules.algorithm, &net::parse_algorithm,
      "HS256, RS256 or ES256", "HS256",
      "How it is signed: HS256, RS256, ES256");
  add(parser, "--expires", time, &net::parse_duration, duration_form, "1h",
      "For how long it is valid");
  parser.add_option("--topic", token.topics,
                    "Pattern of topics that the client may listen to, such as "
                    "news or order-*; any number of times");
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

int run_key(std::vector<std::string> arguments) {
  CLI::App parser{"Makes a key with which a program may push.", "waybill key"};
  parser.require_subcommand(1);
  auto create = parser.add_subcommand(
    "create", "Adds a key to a file, and prints it: it is kept nowhere else");
  std::string name;
  std::string scopes = "push";
  std::string pattern = "*";
  std::string file;
  create->add_option("NAME", name, "Who has it")->required();
  create
    ->add_option("--scope", scopes,
                 "What it opens: push, presence, kick, admin, with commas "
                 "between them")
    ->capture_default_str();
  create
    ->add_option("--pattern", pattern,
                 "What the names of ids and topics must match, such as order-*")
    ->capture_default_str();
  create->add_option("--file", file, "File of --api-key-file")->required();
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  auto made = net::make_api_key(name, scopes, pattern);
  if (auto wrong = std::get_if<std::string>(&made))
    return fail(2, *wrong);
  auto& [key, line] = std::get<net::made_key>(made);
  std::string present;
  if (std::filesystem::exists(file)) {
    auto text = read_file(file);
    if (!text)
      return fail(2, "cannot read " + file);
    present = *std::move(text);
  }
  auto keys = net::api_keys::parse(present);
  if (auto wrong = std::get_if<std::string>(&keys))
    return fail(2, file + ": " + *wrong);
  // Not every editor ends the last line of a file.
  auto end = present.empty() || present.ends_with('\n') ? "" : "\n";
  if (!append(file, end + line + '\n'))
    return fail(1, "cannot write " + file);
  std::cout << key << std::endl;
  return 0;
}

} // namespace waybill::app
