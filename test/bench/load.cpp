// Loads a router with sessions and pushes, for trial.py to measure it. Prints
// `ready`, and then reads requests from its input, a line each:
//
// - sessions COUNT opens so many sessions more, which stay;
// - http PUSHERS SECONDS pushes to random ids by HTTP, each pusher from port to
//   port;
// - broadcast PUSHERS SECONDS does the same to everyone;
// - batch PUSHERS SECONDS sends batches of lines to random ids;
// - redis PUSHERS SECONDS publishes to random ids, all on one connection;
// - upgrade CLIENTS SECONDS opens sessions, awaits their greetings, and closes
//   them.
//
// It answers with a line of JSON. Before work that is measured it prints
// `ready`, and begins at the next line of its input.

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "test/bench/load/pushes.hpp"
#include "test/bench/load/upgrades.hpp"

namespace {

using namespace waybill::bench;

// The number of sessions that are opened at once.
constexpr std::size_t openings = 16;

/// The lines of the program's input.
class standard_input : public watched {
public:
  standard_input() : watched(STDIN_FILENO) {}

  bool on_event(std::uint32_t) override {
    char buffer[1024];
    auto count = read(descriptor(), buffer, sizeof buffer);
    is_open_ = count > 0;
    text_.append(buffer, std::max<ssize_t>(count, 0));
    return true;
  }

  bool is_open() const { return is_open_; }

  /// Takes a line, if there is one.
  bool take(std::string& line) {
    auto end = text_.find('\n');
    if (end == std::string::npos)
      return false;
    line = text_.substr(0, end);
    text_.erase(0, end + 1);
    return true;
  }

private:
  std::string text_;
  bool is_open_ = true;
};

/// The program.
class load {
public:
  explicit load(const options& opts)
      : opts_(opts), input_(loop_.add(std::make_unique<standard_input>())) {}

  /// Does what is requested, until the input ends.
  void run() {
    say("ready");
    for (std::string line; await_line(line);)
      handle(std::istringstream(line));
  }

private:
  static void say(const std::string& line) {
    std::puts(line.c_str());
    std::fflush(stdout);
  }

  /// Waits for a line. Sessions are served meanwhile.
  bool await_line(std::string& line) {
    while (!input_.take(line)) {
      if (!input_.is_open())
        return false;
      loop_.turn(-1);
    }
    return true;
  }

  void handle(std::istringstream request) {
    std::string name;
    std::size_t count = 0;
    double seconds = 0;
    request >> name >> count >> seconds;
    std::chrono::duration<double> time(seconds);
    if (name == "sessions")
      return open_sessions(count);
    if (name == "upgrade") {
      upgrades work(loop_, opts_, time);
      return measure(work, count);
    }
    if (sessions_.empty())
      fail("no sessions to push to");
    using target = http_pushes::target;
    if (name == "http" || name == "broadcast" || name == "batch") {
      http_pushes work(loop_, opts_, time, count, sessions_,
                       name == "http"    ? target::session
                       : name == "batch" ? target::batch
                                         : target::everyone);
      measure_pushes(work, count);
    } else if (name == "redis") {
      redis_pushes work(loop_, opts_, time, count, sessions_);
      measure_pushes(work, count);
    } else {
      fail("no such request: " + name);
    }
  }

  void measure(workload& work, std::size_t at_once) {
    say("ready");
    if (std::string line; await_line(line))
      say(work.run(at_once));
  }

  void measure_pushes(pushes& work, std::size_t pushers) {
    receiver_ = &work;
    measure(work, pushers);
    receiver_ = nullptr;
  }

  void open_sessions(std::size_t count) {
    auto end = sessions_.size() + count;
    auto begin = clock::now();
    while (greeted_ < end) {
      for (;
           sessions_.size() < end && sessions_.size() < greeted_ + openings;) {
        auto index = sessions_.size();
        sessions_.push_back(&loop_.add(std::make_unique<session>(
          opts_, opts_.ports[index % opts_.ports.size()], index, receiver_,
          greeted_)));
      }
      auto greeted = greeted_;
      loop_.turn(100);
      if (greeted_ != greeted)
        begin = clock::now();
      else if (clock::now() - begin > patience)
        fail("a session is not greeted");
    }
    say(R"({"sessions":)" + std::to_string(sessions_.size()) + "}");
  }

  const options& opts_;
  event_loop loop_;
  standard_input& input_;
  std::vector<session*> sessions_;
  std::size_t greeted_ = 0;
  text_receiver* receiver_ = nullptr;
};

} // namespace

int main(int argc, char** argv) {
  options opts;
  CLI::App app("Loads a router with sessions and pushes.", "waybill_load");
  app.add_option("ports", opts.ports, "of the nodes")->required();
  app.add_option("--session-path", opts.session_path,
                 "of WebSockets, before the id");
  app.add_option("--push-path", opts.push_path, "of pushes, before the id");
  app.add_option("--broadcast", opts.broadcast_target,
                 "target of a push to everyone");
  app.add_option("--hello", opts.hello, "text that a client sends first");
  app.add_option("--greetings", opts.greetings,
                 "frames that tell that a session is open");
  app.add_flag("--local", opts.is_local,
               "pushes reach the sessions of their node only");
  app.add_option("--redis", opts.redis_port, "port of Redis");
  app.add_option("--channel", opts.channel, "channel that all nodes read");
  app.add_option("--query", opts.query, "of the target of pushes");
  app.add_option("--size", opts.size, "of a push, in bytes");
  CLI11_PARSE(app, argc, argv);
  load(opts).run();
}
