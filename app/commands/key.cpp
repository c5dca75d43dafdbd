#include "app/commands/key.hpp"

#include <filesystem>
#include <iostream>
#include <sstream>
#include <variant>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "app/commands/output.hpp"
#include "app/options/cli.hpp"
#include "app/options/file.hpp"
#include "net/auth/api_keys.hpp"

namespace waybill::app {

namespace {

using nlohmann::ordered_json;

/// The arguments of all subcommands.
struct key_arguments {
  std::string name;
  std::string scopes = "push";
  std::string pattern = "*";
  std::string file;
  bool as_json = false;
  output_form form = output_form::text;
};

/// Appends a text to a file; a new one is readable by its owner only.
bool append(const std::string& file, const std::string& text) {
  auto out
    = open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (out < 0)
    return false;
  auto written = write(out, text.data(), text.size());
  return close(out) == 0 && written == static_cast<ssize_t>(text.size());
}

/// Replaces the text of a file at once, so that no reader sees half of it.
bool replace(const std::string& file, const std::string& text) {
  namespace fs = std::filesystem;
  std::error_code ec;
  // The file itself is replaced, not a link to it.
  auto target = fs::canonical(file, ec);
  auto fresh = target.string() + ".new";
  struct stat owner {};
  if (ec || stat(target.c_str(), &owner) != 0)
    return false;
  fs::remove(fresh, ec);
  auto out = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (out < 0)
    return false;
  auto good
    = write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size())
      && fchown(out, owner.st_uid, owner.st_gid) == 0
      && fchmod(out, owner.st_mode & 07777) == 0 && fsync(out) == 0;
  good = close(out) == 0 && good;
  if (good)
    fs::rename(fresh, target, ec);
  if (!good || ec)
    fs::remove(fresh, ec);
  return good && !ec;
}

/// Reads a key file, and checks it.
/// @returns its text, or the exit code on failure.
std::variant<std::string, int> read_keys(const std::string& file) {
  auto text = read_file(file);
  if (!text)
    return fail(2, "cannot read " + file + ": " + read_failure(file));
  auto keys = net::api_keys::parse(*text);
  if (auto wrong = std::get_if<std::string>(&keys))
    return fail(2, file + ": " + *wrong);
  return *std::move(text);
}

/// Returns the parts of a line of a key file: name, digest, scopes, pattern;
/// nothing for one without a key.
std::vector<std::string> parts_of(std::string line) {
  if (line.ends_with('\r'))
    line.pop_back();
  if (line.empty() || line.starts_with('#'))
    return {};
  std::vector<std::string> result(4);
  std::istringstream in{line};
  for (size_t i = 0; i < 3; ++i)
    std::getline(in, result[i], ':');
  std::getline(in, result[3]);
  if (result[3].empty())
    result[3] = "*";
  return result;
}

int run_create(const key_arguments& from) {
  auto made = net::make_api_key(from.name, from.scopes, from.pattern);
  if (auto wrong = std::get_if<std::string>(&made))
    return fail(2, *wrong);
  auto& [key, line] = std::get<net::made_key>(made);
  std::string present;
  if (std::filesystem::exists(from.file)) {
    auto text = read_keys(from.file);
    if (auto code = std::get_if<int>(&text))
      return *code;
    present = std::get<std::string>(std::move(text));
  }
  // Some editors leave the last line of a file unterminated.
  auto end = present.empty() || present.ends_with('\n') ? "" : "\n";
  if (!append(from.file, end + line + '\n'))
    return fail(1, "cannot write " + from.file);
  if (!from.as_json)
    std::cout << key << std::endl;
  else
    print_line(ordered_json{{"key", key},
                            {"name", from.name},
                            {"scopes", from.scopes},
                            {"pattern", from.pattern}}
                 .dump());
  return 0;
}

int run_list(const key_arguments& from) {
  auto text = read_keys(from.file);
  if (auto code = std::get_if<int>(&text))
    return *code;
  std::vector<std::vector<std::string>> rows{{"NAME", "SCOPES", "PATTERN"}};
  std::istringstream lines{std::get<std::string>(text)};
  for (std::string line; std::getline(lines, line);)
    if (auto parts = parts_of(line); !parts.empty())
      rows.push_back({parts[0], parts[2], parts[3]});
  if (from.form == output_form::text)
    std::cout << (rows.size() == 1 ? from.file + " has no keys\n"
                                   : to_table(rows));
  else
    for (size_t i = 1; i < rows.size(); ++i)
      print_line(ordered_json{
        {"name", rows[i][0]}, {"scopes", rows[i][1]}, {"pattern", rows[i][2]}}
                   .dump());
  return 0;
}

int run_revoke(const key_arguments& from) {
  auto text = read_keys(from.file);
  if (auto code = std::get_if<int>(&text))
    return *code;
  std::string rest;
  size_t revoked = 0;
  std::istringstream lines{std::get<std::string>(text)};
  for (std::string line; std::getline(lines, line);)
    if (auto parts = parts_of(line); !parts.empty() && parts[0] == from.name)
      ++revoked;
    else
      rest += line + '\n';
  if (revoked == 0)
    return fail(1, from.file + " has no key of " + from.name);
  if (!replace(from.file, rest))
    return fail(1, "cannot write " + from.file);
  if (from.form == output_form::json)
    print_line(ordered_json{{"name", from.name}, {"revoked", revoked}}.dump());
  else
    std::cout << count_of(revoked, "key") << " of " << from.name
              << " revoked; nodes refuse it after SIGHUP\n";
  return 0;
}

/// Adds a subcommand with the option `--file`.
CLI::App& add_action(CLI::App& parser, key_arguments& from, const char* name,
                     const char* help) {
  auto result = parser.add_subcommand(name, help);
  result->add_option("--file", from.file, "File of --api-key-file")->required();
  return *result;
}

} // namespace

int run_key(std::vector<std::string> arguments) {
  CLI::App parser{"Creates, lists and revokes the API keys of pushers.",
                  "waybill key"};
  parser.require_subcommand(1);
  key_arguments from;
  auto& create
    = add_action(parser, from, "create",
                 "Adds the hash of a new key to a file, and prints the key");
  create.add_option("NAME", from.name, "Name of the pusher")->required();
  create
    .add_option("--scope", from.scopes,
                "Scopes of the key, separated by commas: push, presence, "
                "kick, admin")
    ->capture_default_str();
  create
    .add_option("--pattern", from.pattern,
                "Pattern that ids and topics must match, such as order-*")
    ->capture_default_str();
  create.add_flag("--json", from.as_json,
                  "Print a JSON object instead of the key alone");
  add_examples(create, {"waybill key create backend --file api-keys",
                        "waybill key create shop --scope push,presence "
                        "--pattern 'order-*' --file api-keys"});
  auto& list = add_action(parser, from, "list", "Lists the keys of a file");
  add_output(list, from.form);
  add_examples(list, {"waybill key list --file api-keys"});
  auto& revoke = add_action(parser, from, "revoke",
                            "Removes the keys of a pusher from a file");
  revoke.add_option("NAME", from.name, "Name of the pusher")->required();
  add_output(revoke, from.form);
  add_examples(revoke, {"waybill key revoke backend --file api-keys"});
  add_examples(parser, {"waybill key create backend --file api-keys"});
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  if (create.parsed())
    return run_create(from);
  return list.parsed() ? run_list(from) : run_revoke(from);
}

} // namespace waybill::app
