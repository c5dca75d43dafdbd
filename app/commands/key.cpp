#include "app/commands/key.hpp"

#include <filesystem>
#include <iostream>
#include <variant>

#include <fcntl.h>
#include <unistd.h>

#include "app/options/cli.hpp"
#include "app/options/file.hpp"
#include "net/auth/api_keys.hpp"

namespace waybill::app {

namespace {

/// Appends a text to a file; a new one is readable by its owner only.
bool append(const std::string& file, const std::string& text) {
  auto out
    = open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (out < 0)
    return false;
  auto written = write(out, text.data(), text.size());
  return close(out) == 0 && written == static_cast<ssize_t>(text.size());
}

} // namespace

int run_key(std::vector<std::string> arguments) {
  CLI::App parser{"Creates an API key for a pusher.", "waybill key"};
  parser.require_subcommand(1);
  auto create = parser.add_subcommand(
    "create", "Adds the hash of a new key to a file, and prints the key");
  std::string name;
  std::string scopes = "push";
  std::string pattern = "*";
  std::string file;
  create->add_option("NAME", name, "Name of the pusher")->required();
  create
    ->add_option("--scope", scopes,
                 "Scopes of the key, separated by commas: push, presence, "
                 "kick, admin")
    ->capture_default_str();
  create
    ->add_option("--pattern", pattern,
                 "Pattern that ids and topics must match, such as order-*")
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
      return fail(2, "cannot read " + file + ": " + read_failure(file));
    present = *std::move(text);
  }
  auto keys = net::api_keys::parse(present);
  if (auto wrong = std::get_if<std::string>(&keys))
    return fail(2, file + ": " + *wrong);
  // Some editors leave the last line of a file unterminated.
  auto end = present.empty() || present.ends_with('\n') ? "" : "\n";
  if (!append(file, end + line + '\n'))
    return fail(1, "cannot write " + file);
  std::cout << key << std::endl;
  return 0;
}

} // namespace waybill::app
