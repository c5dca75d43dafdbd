#pragma once

#include "redis/commands.hpp"
#include "test/fixture.hpp"

namespace waybill::test {

/// The bridge of a single Redis, as its commands see it.
struct fake_environment : redis::commands::environment {
  size_t expected_nodes() override { return nodes; }

  void on_impaired(redis::impairment kind, const std::string& error) override {
    impairments.push_back(kind);
    errors.push_back(error);
  }

  bool has_moved(const std::string&) override { return false; }

  caf::error uncounted() override { return errc::nodes_missing; }

  bool has_slot(const std::string&) override { return true; }

  void redirect(redis::redirected_command,
                redis::commands::handler<redis::reply>) override {
    CAF_FAIL("a single Redis redirects nothing");
  }

  void on_redirected(const std::string&) override {
    CAF_FAIL("a single Redis redirects nothing");
  }

  size_t nodes = 1;
  std::vector<redis::impairment> impairments;
  texts errors;
};

} // namespace waybill::test
