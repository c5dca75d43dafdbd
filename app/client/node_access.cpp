#include "app/client/node_access.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <caf/message.hpp>

#include "app/client/context.hpp"
#include "app/options/cli.hpp"

namespace waybill::app {

namespace urls = boost::urls;

namespace {

constexpr auto url_option = "--url";
constexpr auto ca_option = "--ca";
constexpr auto context_option = "--context";
constexpr auto key_option = "--api-key";
constexpr auto token_option = "--token";

/// Reads the context of an access, if there is one.
/// @returns the context, nothing without one, or the exit code on failure.
std::variant<std::optional<context>, int>
choose_context(const std::string& name) {
  auto folder = context_folder();
  auto file = folder / ((name.empty() ? "default" : name) + ".toml");
  if (name.empty() && (folder.empty() || !exists(status(file))))
    return std::nullopt;
  if (name.find('/') != name.npos)
    return fail(2,
                "--context: write a name without slashes, not '" + name + "'");
  if (folder.empty())
    return fail(2, "--context " + name
                     + " needs the variable HOME or XDG_CONFIG_HOME");
  if (!exists(status(file)))
    return fail(2, "there is no context " + name + ": " + file.string()
                     + " does not exist");
  auto found = read_context(file);
  if (auto code = std::get_if<int>(&found))
    return *code;
  return std::get<context>(std::move(found));
}

/// Tells whether an option was given, as an argument or a variable.
bool is_given(const CLI::App& parser, const char* option) {
  auto found = parser.get_option_no_throw(option);
  return found && found->count() > 0;
}

/// Sets what was not given from a context. Its secret is for its node only.
void complete(const CLI::App& parser, const context& from, node_access& to) {
  if (!is_given(parser, url_option))
    to.url = from.url;
  if (!(to.url == from.url))
    return;
  if (!is_given(parser, ca_option))
    to.ca = from.ca;
  if (is_given(parser, key_option) || is_given(parser, token_option))
    return;
  to.secret
    = parser.get_option_no_throw(key_option) ? from.api_key : from.token;
}

} // namespace

void add_access(CLI::App& parser, node_access& access, secret_kind kind,
                const std::string& help) {
  add(parser, url_option, access.url, &node_url::parse, node_url_form,
      "http://127.0.0.1:8080", "URL of the node")
    ->envname("WAYBILL_URL");
  auto is_key = kind == secret_kind::api_key;
  parser.add_option(is_key ? key_option : token_option, access.secret, help)
    ->envname(is_key ? "WAYBILL_API_KEY" : "WAYBILL_TOKEN");
  parser.add_option(ca_option, access.ca,
                    "PEM file of the CA certificates for https://; by default "
                    "the system's");
  parser
    .add_option(context_option, access.context,
                "Name of a file NAME.toml in ~/.config/waybill that holds url, "
                "api-key, token and ca; by default default.toml, if there is "
                "one")
    ->envname("WAYBILL_CONTEXT");
}

std::optional<int> open_access(const CLI::App& parser, node_access& access) {
  auto chosen = choose_context(access.context);
  if (auto code = std::get_if<int>(&chosen))
    return *code;
  if (auto& found = std::get<std::optional<context>>(chosen))
    complete(parser, *found, access);
  if (!access.url.tls)
    return std::nullopt;
  auto trust = redis::make_trust(access.ca);
  if (!trust)
    return fail(2, "--ca " + access.ca + ": "
                     + trust.error().context().get_as<std::string>(0));
  access.trust = *trust;
  return std::nullopt;
}

std::string quote(const std::string& text) {
  return urls::encode(text, urls::unreserved_chars);
}

} // namespace waybill::app
