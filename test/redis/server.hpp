#pragma once

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "redis/url.hpp"

namespace waybill::test {

/// A real Redis on a unix socket in a temporary folder.
class redis_server {
public:
  redis_server() {
    char folder[] = "/tmp/waybill-redis-XXXXXX";
    if (!mkdtemp(folder))
      throw std::runtime_error{"mkdtemp"};
    folder_ = folder;
    start();
  }

  ~redis_server() {
    stop();
    std::filesystem::remove_all(folder_);
  }

  redis::server_url url() const {
    redis::server_url result;
    result.path = folder_ + "/socket";
    return result;
  }

  /// Starts it, and returns when it accepts connections.
  void start() {
    int out[2];
    if (pipe(out) != 0)
      throw std::runtime_error{"pipe"};
    pid_ = fork();
    if (pid_ == 0) {
      // A failing test aborts without stopping it.
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(out[1], STDOUT_FILENO);
      close(out[0]);
      close(out[1]);
      execlp("redis-server", "redis-server", "--port", "0", "--unixsocket",
             url().path.c_str(), "--dir", folder_.c_str(), "--save", "",
             nullptr);
      _exit(127);
    }
    close(out[1]);
    auto log = fdopen(out[0], "r");
    char line[512];
    auto ready = false;
    while (!ready && fgets(line, sizeof(line), log))
      ready = std::string{line}.find("ready to accept") != std::string::npos;
    fclose(log);
    if (!ready)
      throw std::runtime_error{"redis-server does not start"};
  }

  /// Kills it with SIGKILL, like a crash.
  void stop() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

private:
  std::string folder_;
  pid_t pid_ = 0;
};

} // namespace waybill::test
