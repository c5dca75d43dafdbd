#include "app/commands/token_check.hpp"

#include <chrono>
#include <iostream>
#include <variant>

#include <nlohmann/json.hpp>

#include "app/commands/output.hpp"
#include "app/options/cli.hpp"
#include "app/options/file.hpp"
#include "app/options/options.hpp"

namespace waybill::app {

namespace {

using nlohmann::ordered_json;
using std::chrono::system_clock;

/// The arguments of `waybill token check`.
struct check_arguments {
  std::string token;

  /// The file of the node; empty for its variables alone.
  std::string config;
  access_options access;
  output_form form = output_form::text;
};

void declare(CLI::App& parser, check_arguments& from) {
  parser.add_option("TOKEN", from.token, "Token, or - to read standard input")
    ->required();
  auto& access = from.access;
  auto keys = parser.add_option(
    "--jwt-key-file", access.token_key_files,
    "File of keys that verify tokens, repeatable: secrets, one a line, or "
    "public keys in PEM");
  keys->allow_extra_args(false);
  add(parser, "--jwt-alg", access.tokens.algorithm, &net::parse_algorithm,
      "HS256, RS256 or ES256", "HS256",
      "Algorithm that signs tokens: HS256, RS256, ES256")
    ->needs(keys);
  parser
    .add_option("--jwt-audience", access.tokens.audience,
                "Audience that the aud of a token must include")
    ->needs(keys);
  parser
    .add_option("--jwt-issuer", access.tokens.issuer,
                "Issuer that the iss of a token must equal")
    ->needs(keys);
  parser
    .add_option("--config", from.config,
                "TOML file of the node, instead of --jwt-…; without either, "
                "the variables of the node count")
    ->excludes(keys);
  add_output(parser, from.form);
  add_examples(parser,
               {"waybill token check TOKEN --jwt-key-file secret",
                "waybill token check TOKEN --config /etc/waybill/waybill.toml",
                "waybill token check - --jwt-key-file secret < token"});
}

/// Loads the rules for tokens: those of the arguments, else those of the node.
/// @returns an exit code on failure.
std::variant<net::token_rules, int> load_rules(const check_arguments& from) {
  auto access = from.access;
  if (access.token_key_files.empty()) {
    auto parsed = parse_options(from.config.empty()
                                  ? std::vector<std::string>{}
                                  : std::vector{"--config=" + from.config});
    if (auto code = std::get_if<int>(&parsed))
      return *code;
    access = std::get<options>(parsed).access;
    if (!access.needs_token)
      return fail(2, "name --jwt-key-file, or the --config of a node with auth "
                     "= \"jwt\"");
  } else {
    access.needs_token = true;
    if (auto wrong = check_access(access))
      return fail(2, *wrong);
  }
  return *access.loaded->tokens;
}

/// Prints the permissions of a token that a node takes.
void print_allowed(const net::token& token, output_form form) {
  if (form == output_form::json)
    return print_line(ordered_json{
      {"valid", true},
      {"sub", token.subject},
      {"expires", time_of(token.expiry)},
      {"topics",
       token.topics}}.dump());
  std::string topics;
  for (auto& pattern : token.topics)
    topics += (topics.empty() ? "" : ", ") + pattern;
  auto left = std::chrono::duration<double>{token.expiry - system_clock::now()};
  std::cout << visible(
    "valid: admits " + token.subject + " until " + time_of(token.expiry) + " ("
    + (left.count() < 0 ? "expired, within the leeway for clocks"
                        : "for " + duration_of(left.count()))
    + "), " + (topics.empty() ? "to no topics" : "to the topics " + topics))
            << '\n';
}

} // namespace

int run_token_check(std::vector<std::string> arguments) {
  CLI::App parser{"Tells what a token allows and when it ends, or why a node "
                  "refuses it.",
                  "waybill token check"};
  check_arguments from;
  declare(parser, from);
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  auto rules = load_rules(from);
  if (auto code = std::get_if<int>(&rules))
    return *code;
  if (from.token == "-") {
    from.token = read_to_end(std::cin).value_or("");
    from.token.erase(from.token.find_last_not_of(" \r\n") + 1);
  }
  auto verified = net::verify_token(std::get<net::token_rules>(rules),
                                    from.token, system_clock::now());
  if (auto token = std::get_if<net::token>(&verified)) {
    print_allowed(*token, from.form);
    return 0;
  }
  auto& reason = std::get<std::string>(verified);
  if (from.form == output_form::json)
    print_line(ordered_json{{"valid", false}, {"reason", reason}}.dump());
  return fail(1, "a node refuses this token: " + visible(reason));
}

} // namespace waybill::app
