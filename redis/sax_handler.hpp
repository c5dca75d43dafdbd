#pragma once

#include <string>

#include <caf/error.hpp>
#include <caf/sec.hpp>
#include <nlohmann/json.hpp>

namespace waybill::redis {

using nlohmann::json;

/// Returns the error for a malformed document.
inline caf::error wrong(std::string message) {
  return make_error(caf::sec::invalid_argument, std::move(message));
}

/// Parses a document without storing it; base of handlers for parts of it.
class sax_handler : public nlohmann::json_sax<json> {
public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override { return enter(); }
  bool key(string_t&) override { return true; }
  bool end_object() override { return leave(); }
  bool start_array(size_t) override { return enter(); }
  bool end_array() override { return leave(); }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    problem_ = "not JSON at byte " + std::to_string(position);
    return false;
  }

  const std::string& problem() const noexcept { return problem_; }

protected:
  explicit sax_handler(size_t max_depth) : max_depth_(max_depth) {
    // nop
  }

  /// Returns the number of open objects and arrays.
  size_t depth() const noexcept { return depth_; }

private:
  bool enter() {
    if (++depth_ <= max_depth_)
      return true;
    problem_ = "nested too deep";
    return false;
  }

  bool leave() {
    --depth_;
    return true;
  }

  const size_t max_depth_;
  size_t depth_ = 0;
  std::string problem_;
};

/// Checks that a document is well-formed and not nested too deep.
class sax_checker : public sax_handler {
public:
  explicit sax_checker(size_t max_depth) : sax_handler(max_depth) {
    // nop
  }
};

} // namespace waybill::redis
