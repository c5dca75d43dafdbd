#pragma once

#include <algorithm>
#include <deque>
#include <optional>

#include "redis/beat.hpp"
#include "redis/client.hpp"
#include "redis/scripts.hpp"
#include "test/fixture.hpp"
#include "test/redis/replies.hpp"

namespace waybill::test {

/// A Redis that keeps what it is told, and answers when the test says so. That
/// it knows our scripts goes without saying.
struct fake_client : redis::client {
  void start(redis::link_owner_actor) override { seen.push_back("start"); }

  void subscribe(std::vector<std::string> channels) override {
    std::sort(channels.begin(), channels.end());
    for (auto& channel : channels)
      seen.push_back("subscribe " + channel);
    batches.push_back(channels.size());
  }

  void unsubscribe(std::vector<std::string> channels) override {
    for (auto& channel : channels)
      seen.push_back("unsubscribe " + channel);
  }

  void subscribe_open(std::string channel) override {
    seen.push_back("subscribe " + channel);
  }

  void unsubscribe_open(std::string channel) override {
    seen.push_back("unsubscribe " + channel);
  }

  void send(const redis::command& command, redis::reply_handler then) override {
    if (command[0] == "SCRIPT")
      return loaded.push_back(command[2]);
    if (command[0] == "PUBSUB" && command[2] == "waybill:{nodes}")
      return;
    if (command[0] == "INFO")
      return then(redis::reply{redis::reply::kind::text, 0, info});
    if (command[0] == "EVALSHA"
        && command[1]
             == redis::scripts_of(redis::pubsub_kind::classic).check.sha) {
      tried = command.back();
      return checks.push_back(std::move(then));
    }
    if (command[0] == "PUBLISH" && command[1] == "waybill:{nodes}")
      return beats.push_back(redis::decode_beat(command[2]).value());
    if (command[0] == "ZRANGE" && kept)
      return then(*kept);
    if (command[0] == "XLEN" && entries)
      return then(*entries);
    sent.push_back(command);
    waiting.push_back(std::move(then));
  }

  void await_replicas(size_t replicas, redis::reply_handler handler) override {
    seen.push_back("await " + std::to_string(replicas));
    waiting.push_back(std::move(handler));
  }

  void set_farewell(redis::command last) override {
    farewell = std::move(last);
  }

  size_t unsent_bytes() const override { return queued; }

  bool take_activity() override { return is_active; }

  void reset(std::string) override { seen.push_back("reset"); }

  void abandon(std::string) override { seen.push_back("abandon"); }

  void stop() override {}

  texts seen;
  std::vector<size_t> batches;
  std::deque<redis::command> sent;
  std::deque<redis::reply_handler> waiting;
  std::deque<redis::reply_handler> checks;

  /// Which commands the last check tries.
  std::string tried;
  texts loaded;
  std::vector<redis::beat> beats;
  std::string info;

  /// Topics that are kept for ids; nothing if the test answers itself.
  std::optional<redis::reply> kept = list_of({});

  /// Number of entries of each mailbox; nothing if the test answers itself.
  std::optional<redis::reply> entries;
  redis::command farewell;
  size_t queued = 0;
  bool is_active = false;
};

const auto one = redis::reply{redis::reply::kind::number, 1};
const auto two = redis::reply{redis::reply::kind::number, 2};

} // namespace waybill::test
