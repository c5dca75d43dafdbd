#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/options/options.hpp"

// What turns the texts of options into their values, or into nothing.

namespace waybill::app {

std::optional<redis::server_url> read_redis(std::string_view text);

std::optional<upstream> read_upstream(std::string_view text);

std::optional<same_id> read_same_id(std::string_view text);

std::optional<slow_consumer> read_slow_consumer(std::string_view text);

/// Reads a number of bytes from 1 to 1 TiB, such as `1000`, `64KiB` or `1GiB`.
std::optional<uint64_t> read_memory(std::string_view text);

/// Reads a number of bytes of what is held whole: up to 1 GiB.
std::optional<size_t> read_size(std::string_view text);

/// Reads a number from 1 to 1,000,000.
std::optional<size_t> read_count(std::string_view text);

/// Reads such a number, or 0.
std::optional<size_t> read_limit(std::string_view text);

/// Reads a duration, but not 0.
std::optional<std::chrono::milliseconds> read_timeout(std::string_view text);

std::optional<size_t> read_replicas(std::string_view text);

std::optional<size_t> read_threads(std::string_view text);

std::optional<std::string> read_level(std::string_view text);

/// Reads a log format: whether it is JSON.
std::optional<bool> read_format(std::string_view text);

/// Reads how clients are let in: whether they need a token.
std::optional<bool> read_auth(std::string_view text);

} // namespace waybill::app
