#pragma once

#include <string>
#include <string_view>

#include "actors/core/text.hpp"

namespace waybill {

/// Anything that can be pushed to. Its key is what stands behind the prefix in
/// the name of its Redis channel, such as `id:456`.
class push_address {
public:
  /// Makes an address that no session answers to.
  push_address() = default;

  /// Makes the address of a client.
  /// @pre `is_name(name)`
  static push_address id(std::string_view name) {
    return push_address{"id:" + std::string{name}};
  }

  /// Makes the address of a topic, to which any number of clients listen.
  /// @pre `is_name(name)`
  static push_address topic(std::string_view name) {
    return push_address{"topic:" + std::string{name}};
  }

  /// Makes the address that every session answers to.
  static push_address everyone() { return push_address{"all"}; }

  /// Makes the address that every node answers to, whatever sessions it has:
  /// only questions go there.
  static push_address nodes() { return push_address{"nodes"}; }

  /// Makes an address from its `key` as it stood in a channel's name.
  static push_address from_key(std::string_view key) {
    return push_address{std::string{key}};
  }

  const std::string& key() const noexcept { return key_; }

  /// Tells whether this is the address of a client: what is pushed to it can
  /// be kept until the client is there.
  bool is_id() const noexcept { return key_.starts_with("id:"); }

  /// Returns what is called: the id of a client, or the name of a topic.
  std::string_view name() const noexcept {
    return std::string_view{key_}.substr(key_.find(':') + 1);
  }

  friend bool operator==(const push_address&, const push_address&) = default;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f,
                                                 push_address& x) {
    return f(x.key_);
  }

private:
  explicit push_address(std::string key) : key_(std::move(key)) {
    // nop
  }

  std::string key_;
};

} // namespace waybill
