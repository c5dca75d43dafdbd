#include "app/options/cli.hpp"

#include <algorithm>
#include <numeric>
#include <sstream>

#include "app/options/file.hpp"

namespace waybill::app {

namespace {

/// Returns the Levenshtein distance of two names.
size_t distance(const std::string& from, const std::string& to) {
  std::vector<size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < from.size(); ++i) {
    auto diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < to.size(); ++j)
      diagonal = std::exchange(
        row[j + 1], std::min({row[j] + 1, row[j + 1] + 1,
                              diagonal + (from[i] == to[j] ? 0 : 1)}));
  }
  return row.back();
}

/// Returns the parser of the innermost parsed subcommand.
const CLI::App& innermost(const CLI::App& parser) {
  auto inner = parser.get_subcommands();
  return inner.empty() ? parser : innermost(*inner.front());
}

/// Returns the name of a parser, prefixed with those of its parents.
std::string full_name(const CLI::App& parser) {
  auto outer = parser.get_parent();
  return (outer ? full_name(*outer) + ' ' : "") + parser.get_name();
}

} // namespace

std::optional<int> parse(CLI::App& parser, std::vector<std::string> arguments,
                         std::ostream& errors) {
  try {
    std::reverse(arguments.begin(), arguments.end());
    parser.parse(arguments);
    return std::nullopt;
  } catch (const CLI::ExtrasError& e) {
    auto& inner = innermost(parser);
    auto unknown = parser.remaining(true).front();
    if (!unknown.starts_with('-'))
      return fail(2,
                  "unexpected argument " + unknown + " of " + full_name(inner),
                  errors);
    auto start = std::min(unknown.find_first_not_of('-'), unknown.size());
    auto name = unknown.substr(start, unknown.find('=') - start);
    return fail(2,
                unknown_option(inner, name, " of " + full_name(inner),
                               unknown.substr(0, start)),
                errors);
  } catch (const CLI::ConfigError& e) {
    return fail(2, e.what(), errors);
  } catch (const CLI::FileError&) {
    auto file = parser.get_config_ptr()->results().back();
    return fail(
      2, "--config " + file + " cannot be read: " + read_failure(file), errors);
  } catch (const CLI::Success& e) {
    return parser.exit(e, std::cout, errors);
  } catch (const CLI::ParseError& e) {
    return fail(
      2, e.what() + ("; see " + full_name(innermost(parser)) + " --help"),
      errors);
  }
}

void add_examples(CLI::App& parser, const std::vector<std::string>& examples) {
  std::string text = "Examples:";
  for (auto& example : examples)
    text += "\n  " + example;
  parser.footer(text);
}

std::string unknown_option(const CLI::App& parser, const std::string& name,
                           const std::string& context,
                           const std::string& dashes) {
  std::vector<std::string> names;
  for (auto option : parser.get_options())
    for (auto& long_name : option->get_lnames())
      names.push_back(long_name);
  auto meant = nearest(names, name);
  return "unknown option " + dashes + name + context
         + (meant ? "; did you mean " + dashes + *meant + '?' : "");
}

std::optional<std::string> nearest(const std::vector<std::string>& names,
                                   const std::string& name) {
  std::optional<std::string> result;
  auto best = std::max<size_t>(2, name.size() / 3) + 1;
  for (auto& candidate : names)
    if (auto found = distance(name, candidate); found < best) {
      best = found;
      result = candidate;
    }
  return result;
}

int fail(int code, const std::string& message, std::ostream& errors) {
  std::istringstream lines{message};
  for (std::string line; std::getline(lines, line);)
    errors << "waybill: " << line << '\n';
  return code;
}

std::string wrap(const std::string& text, const std::string& indent) {
  constexpr size_t width = 80;
  std::string result;
  std::string line = indent;
  std::istringstream words{text};
  for (std::string word; words >> word;) {
    if (line.size() > indent.size() && line.size() + 1 + word.size() > width) {
      result += line + '\n';
      line = indent;
    }
    line += (line.size() > indent.size() ? " " : "") + word;
  }
  return result + line + '\n';
}

} // namespace waybill::app
