#include "app/commands/output.hpp"

#include <algorithm>
#include <iostream>

#include <nlohmann/json.hpp>
#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include "app/options/cli.hpp"

namespace waybill::app {

namespace {

/// Returns the columns that a text of UTF-8 takes, at one a character.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(std::count_if(
    text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

} // namespace

void add_output(CLI::App& parser, output_form& form) {
  form = isatty(STDOUT_FILENO) ? output_form::text : output_form::json;
  auto as_json = parser.add_flag_callback(
    "--json", [&form] { form = output_form::json; },
    "Print a JSON object a line, the default unless the output is a terminal");
  parser
    .add_flag_callback(
      "--text", [&form] { form = output_form::text; },
      "Print sentences and tables, the default on a terminal")
    ->excludes(as_json);
}

std::optional<std::string> ask(const node_access& to,
                               const api_request& request, output_form form) {
  try {
    auto answer = call(to, request);
    // What a proxy answers may be no JSON.
    auto is_json = nlohmann::json::accept(answer.body);
    if (form == output_form::json && is_json)
      print_line(answer.body);
    if (answer.is_success() && is_json)
      return std::move(answer.body);
    fail(1, visible(answer.failure()));
  } catch (const api_error& e) {
    fail(1, e.what());
  }
  return std::nullopt;
}

void print_line(std::string_view body) {
  while (body.ends_with('\n'))
    body.remove_suffix(1);
  if (!body.empty())
    std::cout << body << std::endl;
}

std::string visible(std::string_view text) {
  std::string result;
  for (unsigned char c : text)
    if (c < 0x20 || c == 0x7f)
      result += fmt::format("\\x{:02x}", c);
    else
      result += static_cast<char>(c);
  return result;
}

std::string time_of(std::chrono::system_clock::time_point at) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(at)));
}

std::string size_of(uint64_t bytes) {
  constexpr double step = 1024;
  auto size = static_cast<double>(bytes);
  if (size < step)
    return fmt::format("{} B", bytes);
  const char* unit = "KiB";
  for (auto larger : {"MiB", "GiB", "TiB"})
    if ((size / step) >= step) {
      size /= step;
      unit = larger;
    }
  return fmt::format("{:.1f} {}", size / step, unit);
}

std::string to_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      widths.resize(std::max(widths.size(), i + 1));
      widths[i] = std::max(widths[i], width_of(visible(row[i])));
    }
  std::string result;
  for (auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      auto cell = visible(row[i]);
      std::string gap(widths[i] - width_of(cell), ' ');
      line += (i > 0 ? "  " : "") + cell + gap;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + '\n';
  }
  return result;
}

} // namespace waybill::app
