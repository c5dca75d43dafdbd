#include "app/options/access.hpp"

#include <caf/expected.hpp>
#include <caf/sec.hpp>

#include "app/options/file.hpp"

namespace waybill::app {

namespace {

caf::error bad_file(const std::string& name, const std::string& reason) {
  return caf::make_error(caf::sec::invalid_argument, name + ": " + reason);
}

/// Reads the files that `options` names.
/// @returns the policy, or an error whose context is the message.
caf::expected<net::access_policy_ptr> load(const access_options& options) {
  auto result = std::make_shared<net::access_policy>();
  result->origins = options.origins;
  if (options.needs_token)
    result->tokens = options.tokens;
  for (auto& name : options.token_key_files) {
    auto text = read_file(name);
    if (!text)
      return bad_file(name, "cannot be read: " + read_failure(name));
    auto keys = net::parse_token_keys(options.tokens.algorithm, *text);
    if (auto wrong = std::get_if<std::string>(&keys))
      return bad_file(name, *wrong);
    for (auto& key : std::get<std::vector<std::string>>(keys))
      result->tokens->keys.push_back(std::move(key));
  }
  if (auto& name = options.api_key_file; !name.empty()) {
    auto text = read_file(name);
    if (!text)
      return bad_file(name, "cannot be read: " + read_failure(name));
    auto keys = net::api_keys::parse(*text);
    if (auto wrong = std::get_if<std::string>(&keys))
      return bad_file(name, *wrong);
    result->keys = std::get<net::api_keys>(std::move(keys));
  }
  return net::access_policy_ptr{std::move(result)};
}

} // namespace

std::optional<std::string> check_access(access_options& options) {
  if (options.needs_token && options.token_key_files.empty())
    return "--auth jwt needs --jwt-key-file";
  if (!options.needs_token
      && (!options.token_key_files.empty() || !options.tokens.audience.empty()
          || !options.tokens.issuer.empty()))
    return "--jwt-… needs --auth jwt";
  auto loaded = load(options);
  if (!loaded)
    return loaded.error().context().get_as<std::string>(0);
  options.loaded = *std::move(loaded);
  return std::nullopt;
}

} // namespace waybill::app
