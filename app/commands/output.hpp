#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/client/api.hpp"
#include "net/wording.hpp"

namespace waybill::app {

using net::count_of;
using net::duration_of;

/// The form in which a command prints its results.
enum class output_form {
  /// Sentences and tables, for people.
  text,
  /// A JSON object a line, for programs.
  json,
};

/// Adds the options `--json` and `--text`.
/// @param form is set to the form that they choose, by default JSON unless
///             standard output is a terminal.
void add_output(CLI::App& parser, output_form& form);

/// Sends a request, and reports the answer: prints it as JSON if that is the
/// form, and a failure on standard error in either form.
/// @returns the body, a JSON document, if the answer is a success.
std::optional<std::string> ask(const node_access& to,
                               const api_request& request, output_form form);

/// Prints the body of an answer, which is JSON, as one line.
void print_line(std::string_view body);

/// Escapes control characters of a text of a node or a client, which could
/// command the terminal.
std::string visible(std::string_view text);

/// Formats a time (RFC 3339), in whole seconds of UTC.
std::string time_of(std::chrono::system_clock::time_point at);

/// Returns a number of bytes for people: `512 B`, `1.5 MiB`.
std::string size_of(uint64_t bytes);

/// Aligns the cells of rows in columns, and escapes control characters in them,
/// which could command the terminal.
std::string to_table(const std::vector<std::vector<std::string>>& rows);

} // namespace waybill::app
