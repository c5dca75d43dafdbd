#pragma once

#include <string>

#include "test/bench/load/session.hpp"
#include "test/bench/load/workload.hpp"

namespace waybill::bench {

// The most of one run, each of which leaves a port in TIME_WAIT.
constexpr std::size_t max_upgrades = 2000;

/// Sessions that are closed as soon as they are greeted.
class upgrades : public workload {
public:
  upgrades(event_loop& loop, const options& opts,
           std::chrono::duration<double> time)
      : workload(loop, time), loop_(loop), opts_(opts) {}

protected:
  bool begin(std::size_t client) override {
    if (made_ == max_upgrades)
      return false;
    auto port = opts_.ports[made_ % opts_.ports.size()];
    loop_.add(std::make_unique<visitor>(
      opts_, port, "upgrade-" + std::to_string(made_++), *this, client));
    return true;
  }

private:
  class visitor : public websocket {
  public:
    visitor(const options& opts, std::uint16_t port, const std::string& id,
            upgrades& work, std::size_t client)
        : websocket(opts, port, id), work_(work), client_(client) {}

  protected:
    void on_greeting() override {
      work_.note_latency(begin_);
      is_greeted_ = true;
      send(make_frame(op_close, "\x03\xe8", true));
    }

    void on_text(std::string_view) override {
      fail("a frame that nobody awaits");
    }

    void on_end() override {
      if (!is_greeted_)
        fail("a session ended before it was greeted");
      work_.finish(client_);
    }

  private:
    upgrades& work_;
    std::size_t client_;
    clock::time_point begin_ = clock::now();
    bool is_greeted_ = false;
  };

  event_loop& loop_;
  const options& opts_;
  std::size_t made_ = 0;
};

} // namespace waybill::bench
