#include "app/toml.hpp"

#include <iterator>
#include <optional>
#include <sstream>

// toml++ 3.3 asserts what a wrong file may break before it says what is wrong;
// with NDEBUG it has some compilers assume it.
#undef NDEBUG
#define TOML_ASSERT(expr) static_assert(true)
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace waybill::app {

namespace {

[[noreturn]] void refuse(const toml::source_region& where,
                         const std::string& what) {
  throw CLI::ConfigError("line " + std::to_string(where.begin.line)
                         + " of the file of --config: " + what);
}

/// Returns a value as it would stand on the command line.
std::optional<std::string> text_of(const toml::node& from) {
  if (auto text = from.value_exact<std::string>())
    return text;
  if (auto number = from.value_exact<int64_t>())
    return std::to_string(*number);
  if (auto flag = from.value_exact<bool>())
    return *flag ? "true" : "false";
  return std::nullopt;
}

/// Returns the values of a key, one of which is as good as an array of it.
std::vector<std::string> texts_of(const std::string& name,
                                  const toml::node& from) {
  std::vector<std::string> result;
  auto add = [&](const toml::node& each) {
    auto text = text_of(each);
    if (!text)
      refuse(each.source(), name + " is no text, whole number or boolean");
    result.push_back(*std::move(text));
  };
  if (auto all = from.as_array())
    for (auto& each : *all)
      add(each);
  else
    add(from);
  return result;
}

} // namespace

std::vector<CLI::ConfigItem> toml_reader::from_config(std::istream& in) const {
  std::ostringstream text;
  // An empty file sets a bit of the other one.
  text << in.rdbuf();
  if (in.bad() || text.bad())
    throw CLI::ConfigError("the file of --config cannot be read");
  std::vector<CLI::ConfigItem> result;
  try {
    for (auto&& [key, value] : toml::parse(text.view())) {
      std::string name{key.str()};
      if (auto values = texts_of(name, value); !values.empty())
        result.push_back({{}, name, std::move(values)});
    }
  } catch (const toml::parse_error& e) {
    refuse(e.source(), std::string{e.description()});
  }
  return result;
}

std::string toml_reader::to_config(const CLI::App*, bool, bool,
                                   std::string) const {
  return {};
}

} // namespace waybill::app
