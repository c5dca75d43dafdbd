#include "app/commands/push.hpp"

#include <chrono>
#include <iostream>
#include <optional>

#include <nlohmann/json.hpp>

#include "app/commands/output.hpp"
#include "app/options/cli.hpp"
#include "app/options/file.hpp"
#include "app/options/option_parsers.hpp"
#include "net/api/push_options.hpp"
#include "net/config.hpp"

namespace waybill::app {

namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// The arguments of `waybill push`.
struct push_arguments {
  node_access to;
  output_form form = output_form::text;
  std::vector<std::string> words;
  std::vector<std::string> files;
  std::string topic;
  bool all = false;
  bool binary = false;
  std::string receipt = "routed";
  milliseconds wait{5000};
  seconds ttl{0};
  std::string collapse;
  milliseconds fresh{0};
  std::string retain;
  std::string key;
};

/// Determines the target of a push; removes an id from `from.words`.
/// @returns the path of the push; nothing without exactly one target.
std::optional<std::string> take_path(push_arguments& from) {
  if (!from.topic.empty() && !from.all)
    return "/topic/" + quote(from.topic);
  if (from.all && from.topic.empty())
    return "/broadcast";
  if (from.all || from.words.empty())
    return std::nullopt;
  auto id = std::move(from.words.front());
  from.words.erase(from.words.begin());
  return "/socket/" + quote(id);
}

std::optional<std::string> read_body(const std::string& name) {
  // The upper bound of --max-body.
  constexpr size_t longest = 1 << 30;
  return name == "-" ? read_to_end(std::cin, longest)
                     : read_file(name, longest);
}

/// Returns the parameters of a push.
std::string query_of(const push_arguments& from) {
  auto result = "?receipt=" + quote(from.receipt)
                + "&wait=" + std::to_string(from.wait.count()) + "ms";
  if (from.ttl.count() > 0)
    result += "&ttl=" + std::to_string(from.ttl.count());
  if (!from.collapse.empty())
    result += "&collapse=" + quote(from.collapse);
  if (from.fresh.count() > 0)
    result += "&fresh=" + std::to_string(from.fresh.count()) + "ms";
  if (!from.retain.empty())
    result += "&retain=" + quote(from.retain);
  return result;
}

/// Describes the answer to a push.
std::string describe_answer(const json& answer) {
  auto text = "push " + answer.at("push").get<std::string>() + ": ";
  auto nodes = answer.value("nodes", uint64_t{0});
  auto has_sessions = answer.contains("sessions");
  if (answer.contains("received"))
    text += "received by " + answer["received"].dump() + " of "
            + count_of(answer.at("sessions"), "session");
  else if (answer.contains("written"))
    text += "written to " + answer["written"].dump() + " of "
            + count_of(answer.at("sessions"), "session");
  else
    text += "sent to " + count_of(nodes, "node");
  if (has_sessions)
    text += " on " + count_of(nodes, "node");
  for (auto name : {"dropped", "superseded", "expired"})
    if (answer.contains(name))
      text += ", " + std::string{name} + " by "
              + count_of(answer[name], "session");
  if (answer.contains("unknown"))
    text += ", " + count_of(answer["unknown"], "node") + " did not answer";
  if (answer.value("kept", false))
    text += ", kept until a client has read it";
  return text;
}

/// Pushes once, and reports the answer.
/// @returns whether the push succeeded.
bool push_once(const push_arguments& from, const std::string& target,
               std::string body) {
  api_request request{"POST", target, from.wait, std::move(body)};
  request.content_type
    = from.binary ? "application/octet-stream" : "text/plain";
  request.idempotency_key = from.key;
  auto answer = ask(from.to, request, from.form);
  if (answer && from.form == output_form::text) {
    auto document = json::parse(*answer);
    // A value that was forgotten was no push.
    std::cout << (document.contains("push")
                    ? describe_answer(document)
                    : "forgotten by " + count_of(document.at("nodes"), "node"))
              << std::endl;
  }
  return answer.has_value();
}

void declare(CLI::App& parser, push_arguments& from) {
  parser.add_option("ID", from.words,
                    "Id, then the text; without a text, standard input is "
                    "pushed");
  parser
    .add_option("--file", from.files,
                "Push this file, - for standard input; repeatable")
    ->allow_extra_args(false);
  parser.add_option("--topic", from.topic, "Push to a topic instead of an id");
  parser.add_flag("--all", from.all, "Push to everyone");
  add(parser, "--receipt", from.receipt, &read_receipt, receipt_form, "routed",
      "Event that the answer waits for: routed, written, received");
  add(parser, "--wait", from.wait, &net::parse_duration, duration_form, "5s",
      "Longest time that the answer waits");
  add(parser, "--ttl", from.ttl, &net::parse_ttl, ttl_form, "0",
      "Seconds to keep the push until a client has read it");
  parser.add_option("--collapse", from.collapse,
                    "Replace older pushes with this key that the id has not "
                    "got");
  add(parser, "--fresh", from.fresh, &net::parse_duration, duration_form, "0s",
      "Time after which the push is not delivered; 0s for no limit");
  parser.add_option(
    "--retain", from.retain,
    "Seconds to keep the push as the last value of the topic; 0 "
    "with an empty text forgets that");
  parser.add_option(
    "--idempotency-key", from.key,
    "Key that identifies the push, so that retries push it once");
  parser.add_flag("--binary", from.binary, "Push bytes instead of a text");
  add_output(parser, from.form);
  add_access(parser, from.to, secret_kind::api_key, "API key of the pusher");
  add_examples(parser, {"waybill push 456 hello --receipt received",
                        "waybill push 456 hello --ttl 3600",
                        "waybill push --topic news --file news.json",
                        "echo hello | waybill push 456"});
}

} // namespace

int run_push(std::vector<std::string> arguments) {
  CLI::App parser{"Pushes a text, files or standard input, and prints the "
                  "answer to each.",
                  "waybill push"};
  push_arguments from;
  declare(parser, from);
  if (auto code = parse(parser, std::move(arguments)))
    return *code;
  auto target = take_path(from);
  if (!target)
    return fail(2, "name an id, --topic or --all");
  if (from.words.size() > 1 && (from.all || !from.topic.empty()))
    return fail(2, std::string{"an id and "} + (from.all ? "--all" : "--topic")
                     + " do not go together; push one text");
  if (from.words.size() > 1 || (!from.words.empty() && !from.files.empty()))
    return fail(2, "push one text, or files");
  if (auto code = open_access(parser, from.to))
    return *code;
  *target += query_of(from);
  if (!from.words.empty())
    return push_once(from, *target, from.words.front()) ? 0 : 1;
  if (from.files.empty())
    from.files.emplace_back("-");
  auto all_good = true;
  for (auto& file : from.files) {
    auto body = read_body(file);
    if (!body)
      return fail(1, "cannot read " + file + ": "
                       + read_failure(file == "-" ? "/dev/stdin" : file));
    all_good = push_once(from, *target, *std::move(body)) && all_good;
  }
  return all_good ? 0 : 1;
}

} // namespace waybill::app
