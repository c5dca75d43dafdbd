#pragma once

#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <CLI/CLI.hpp>

namespace waybill::app {

/// Parses the text of an option; returns nothing if it is malformed.
template <class T>
using reader = std::optional<T> (*)(std::string_view);

/// The form of a duration, for error messages.
constexpr auto duration_form = "a duration such as 5s, 500ms or 10m";

/// The form of a time to live, for error messages.
constexpr auto ttl_form
  = "a number of seconds from 0 to 31536000, which is a year";

/// Parses arguments. Prints an error, or the help if they contain --help.
/// @returns the exit code: 0 after help, 2 after an error; nothing on success.
std::optional<int> parse(CLI::App& parser, std::vector<std::string> arguments,
                         std::ostream& errors = std::cerr);

/// Adds examples to the help of a command, one a line.
void add_examples(CLI::App& parser, const std::vector<std::string>& examples);

/// Describes an option that `parser` does not have, with the one that was
/// meant.
/// @param context follows the name, such as ` of waybill serve`.
/// @param dashes the prefix of options there.
std::string unknown_option(const CLI::App& parser, const std::string& name,
                           const std::string& context,
                           const std::string& dashes);

/// Prints the errors that end a command, one a line, and returns `code`.
int fail(int code, const std::string& message,
         std::ostream& errors = std::cerr);

/// Returns the most similar of some names, if any is similar to `name`.
std::optional<std::string> nearest(const std::vector<std::string>& names,
                                   const std::string& name);

/// Wraps a text into lines of up to 80 characters that begin with `indent`.
std::string wrap(const std::string& text, const std::string& indent);

/// Adds an option whose value `read` parses; of a list, each element.
/// @param form describes a value, for error messages.
/// @param default_text the value without the option, to which `target` is set;
///        empty to leave `target` as it is.
template <class T, class Target>
CLI::Option* add(CLI::App& parser, const std::string& name, Target& target,
                 reader<T> read, const std::string& form,
                 const char* default_text, const std::string& help) {
  constexpr bool is_list = std::is_same_v<Target, std::vector<T>>;
  auto store = [&target, read](const std::vector<std::string>& texts) {
    if constexpr (is_list)
      target.clear();
    for (auto& text : texts)
      if constexpr (is_list)
        target.push_back(*read(text));
      else
        target = *read(text);
  };
  if (*default_text != '\0')
    store({default_text});
  auto option
    = parser.add_option_function<std::vector<std::string>>(name, store, help);
  option->allow_extra_args(false)->type_name("")->default_str(default_text);
  if (!is_list)
    option->expected(1);
  option->check([read, form](const std::string& text) -> std::string {
    if (read(text))
      return "";
    // A URL may hold a password, which must not get into logs.
    auto is_secret = text.find('@') != text.npos;
    return "write " + form + (is_secret ? "" : ", not '" + text + "'");
  });
  return option;
}

} // namespace waybill::app
