#define CAF_SUITE path_pattern

#include "net/api/path_pattern.hpp"

#include <caf/test/dsl.hpp>

namespace path_pattern_suite {

using namespace waybill::net;

namespace {

using segments = std::vector<std::string>;

/// Returns the open segments, joined by blanks; `-` if the path does not match.
std::string match(std::string_view pattern, const segments& path) {
  auto found = match_path(pattern, path);
  if (!found)
    return "-";
  std::string result;
  for (auto& segment : *found)
    result.append(result.empty() ? "" : " ").append(segment);
  return result;
}

} // namespace

CAF_TEST(a path matches its pattern as a whole) {
  CAF_CHECK_EQUAL(match("/livez", {"livez"}), "");
  CAF_CHECK_EQUAL(match("/livez", {"readyz"}), "-");
  CAF_CHECK_EQUAL(match("/livez", {"livez", ""}), "-");
  CAF_CHECK_EQUAL(match("/livez", {}), "-");
  CAF_CHECK_EQUAL(match("/socket/{id}", {"socket"}), "-");
  CAF_CHECK_EQUAL(match("/socket/{id}/mailbox", {"socket", "456"}), "-");
  CAF_CHECK_EQUAL(match("/socket/{id}", {"socket", "456", "mailbox"}), "-");
}

CAF_TEST(open segments are returned as they are) {
  CAF_CHECK_EQUAL(match("/socket/{id}", {"socket", "a b/c"}), "a b/c");
  CAF_CHECK_EQUAL(
    match("/socket/{id}/topics/{name}", {"socket", "456", "topics", "news"}),
    "456 news");
  CAF_CHECK_EQUAL(match("/socket/{id}", {"socket", ""}), "");
  CAF_CHECK_EQUAL(match("/console/{file}", {"console", ""}), "-");
}

CAF_TEST(a pattern tells whether it has a name) {
  CAF_CHECK(has_name("/socket/{id}/mailbox"));
  CAF_CHECK(has_name("/topic/{name}"));
  CAF_CHECK(!has_name("/console/{file}"));
  CAF_CHECK(!has_name("/push"));
}

} // namespace path_pattern_suite
