#pragma once

#include <string>
#include <string_view>

#include "actors/core/text.hpp"

namespace waybill {

/// Destination of pushes. Its key is the name of its Redis channel without the
/// prefix, such as `id:456`.
class push_address {
public:
  /// Constructs an address that no session holds.
  push_address() = default;

  /// Returns the address of a client.
  /// @pre `is_name(name)`
  static push_address id(std::string_view name) {
    return push_address{"id:" + std::string{name}};
  }

  /// Returns the address of a topic.
  /// @pre `is_name(name)`
  static push_address topic(std::string_view name) {
    return push_address{"topic:" + std::string{name}};
  }

  /// Returns the broadcast address, which every session holds.
  static push_address everyone() { return push_address{"all"}; }

  /// Returns the address for queries to all nodes, which every node holds.
  static push_address nodes() { return push_address{"nodes"}; }

  /// Returns the address that has the given key.
  static push_address from_key(std::string_view key) {
    return push_address{std::string{key}};
  }

  const std::string& key() const noexcept { return key_; }

  /// Returns whether this is the address of a client. Only pushes to clients
  /// can be kept.
  bool is_id() const noexcept { return key_.starts_with("id:"); }

  bool is_topic() const noexcept { return key_.starts_with("topic:"); }

  /// Returns the id of the client, or the name of the topic.
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
