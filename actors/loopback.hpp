#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "actors/hosted.hpp"
#include "actors/interfaces.hpp"

namespace waybill {

/// The bus of a node that is alone: it brings pushes to the registries of its
/// own process. It is always ready. With several registries attached it is a
/// cluster in one process, which is how the tests use it.
class loopback : public hosted<bus_actor> {
public:
  loopback(caf::actor_config& cfg, caf::execution_unit* host);

  const char* name() const override;

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  /// Returns the registries that hold `where`.
  const std::vector<registry_actor>& holders(const push_address& where) const;

  std::unordered_map<std::string, std::vector<registry_actor>> holders_;
};

} // namespace waybill
