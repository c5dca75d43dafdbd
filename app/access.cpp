#include "app/access.hpp"

#include <fstream>
#include <iterator>

namespace waybill::app {

std::optional<std::string> read_file(const std::string& name) {
  std::ifstream in{name, std::ios::binary};
  if (!in)
    return std::nullopt;
  return std::string{std::istreambuf_iterator<char>{in}, {}};
}

std::variant<net::access_ptr, std::string>
load_access(const access_options& options) {
  auto result = std::make_shared<net::access_rules>();
  result->origins = options.origins;
  if (options.needs_token)
    result->tokens = options.tokens;
  for (auto& name : options.token_key_files) {
    auto text = read_file(name);
    if (!text)
      return "cannot read " + name;
    auto keys = net::parse_token_keys(options.tokens.algorithm, *text);
    if (auto wrong = std::get_if<std::string>(&keys))
      return name + ": " + *wrong;
    for (auto& each : std::get<std::vector<std::string>>(keys))
      result->tokens->keys.push_back(std::move(each));
  }
  if (!options.api_key_file.empty()) {
    auto text = read_file(options.api_key_file);
    if (!text)
      return "cannot read " + options.api_key_file;
    auto keys = net::api_keys::parse(*text);
    if (auto wrong = std::get_if<std::string>(&keys))
      return options.api_key_file + ": " + *wrong;
    result->keys = std::get<net::api_keys>(std::move(keys));
  }
  return net::access_ptr{std::move(result)};
}

} // namespace waybill::app
