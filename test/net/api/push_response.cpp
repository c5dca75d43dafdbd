#define CAF_SUITE push_response

#include "net/api/push_response.hpp"

#include "test/net/api/fixture.hpp"

namespace push_response_suite {

using namespace waybill;
using namespace waybill::net;

namespace {

/// Returns outcomes with few and many members, and at the limits of numbers.
std::vector<outcome> outcomes() {
  std::vector<outcome> result;
  constexpr auto most = std::numeric_limits<uint64_t>::max();
  for (auto level :
       {receipt_level::routed, receipt_level::written, receipt_level::received})
    for (auto kept : {false, true})
      for (uint64_t unknown : {0, 1})
        for (auto& counts :
             {delivery_counts{}, delivery_counts{1, 1, 1, 1},
              delivery_counts{12, 3, 2, 1, 0, 4},
              delivery_counts{most, most, most, most, most, most}})
          result.push_back({"n1-a-1", level, kept, counts, unknown});
  return result;
}

} // namespace

CAF_TEST(a text has the bytes of a document) {
  size_t texts = 0;
  for (auto& outcome : outcomes()) {
    auto quick = to_response(outcome);
    texts += !quick.text.empty();
    CAF_CHECK_EQUAL(serialize(quick, {}),
                    serialize(to_document_response(outcome), {}));
    CAF_CHECK_EQUAL(quick.fields.size(), 0u);
  }
  CAF_CHECK_GREATER(texts, 20u);
}

CAF_TEST(frequent outcomes have a text) {
  outcome delivered{"p"};
  delivered.counts.nodes = 2;
  CAF_CHECK_EQUAL(to_response(delivered).text,
                  "{\"push\":\"p\",\"nodes\":2}\n");
  CAF_CHECK_EQUAL(to_response({"p"}).text,
                  "{\"error\":\"nobody\",\"message\":\"nobody holds this "
                  "address, and nothing was kept\",\"push\":\"p\",\"nodes\":0}"
                  "\n");
  delivered.kept = true;
  CAF_CHECK_EQUAL(to_response(delivered).text,
                  "{\"push\":\"p\",\"nodes\":2,\"kept\":true}\n");
}

CAF_TEST(a name that JSON escapes is escaped) {
  for (std::string name : {"a\"b", "a\\b", "a\nb", "a\x7f", "连"}) {
    outcome named{name};
    named.counts.nodes = 1;
    auto shown = to_response(named);
    CAF_CHECK(shown.text.empty());
    CAF_CHECK(json::parse(serialize_body(shown))["push"] == name);
  }
}

CAF_TEST(an error that is logged has a document) {
  outcome silent{"p"};
  silent.unknown = 1;
  auto shown = to_response(silent);
  CAF_CHECK_EQUAL(shown.status, http::status::gateway_timeout);
  CAF_CHECK(shown.text.empty());
  CAF_CHECK(shown.body["error"] == "unanswered");
}

} // namespace push_response_suite
