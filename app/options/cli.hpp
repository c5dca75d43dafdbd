#pragma once

#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <CLI/CLI.hpp>

namespace waybill::app {

/// Turns the text of an option into its value, or into nothing.
template <class T>
using reader = std::optional<T> (*)(std::string_view);

/// What a duration looks like, to people.
constexpr auto duration_form = "a duration such as 5s, 500ms or 10m";

/// Parses arguments, or prints what is wrong with them, or the help that they
/// ask for.
/// @returns the exit code unless all is well: 0 after help, 2 after an error.
std::optional<int> parse(CLI::App& parser, std::vector<std::string> arguments,
                         std::ostream& errors = std::cerr);

/// Prints why a command ends, and returns its exit code.
int fail(int code, const std::string& message,
         std::ostream& errors = std::cerr);

/// Returns that of some names which is most like `name`, if any is.
std::optional<std::string> nearest(const std::vector<std::string>& names,
                                   const std::string& name);

/// Breaks a text into lines of up to 80 characters, each of which begins with
/// `indent`.
std::string wrap(const std::string& text, const std::string& indent);

/// Adds an option whose values `read` understands; of a list, each of them.
/// @param form says what a value looks like.
template <class T, class Target>
CLI::Option* add(CLI::App& parser, const std::string& name, Target& target,
                 reader<T> read, const std::string& form,
                 const char* shown_default, const std::string& help) {
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
  auto option
    = parser.add_option_function<std::vector<std::string>>(name, store, help);
  option->allow_extra_args(false)->type_name("")->default_str(shown_default);
  if (!is_list)
    option->expected(1);
  option->check([read, form](const std::string& text) -> std::string {
    if (read(text))
      return "";
    // A URL may hold a password, which is not to stand in any log.
    auto is_secret = text.find('@') != text.npos;
    return "write " + form + (is_secret ? "" : ", not '" + text + "'");
  });
  return option;
}

} // namespace waybill::app
