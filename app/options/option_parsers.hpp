#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/options/options.hpp"

// Parsers of option values. They return nothing for a malformed text.

namespace waybill::app {

std::optional<redis::server_url> read_redis(std::string_view text);

/// Parses `text=answer`, both UTF-8; the text is not empty.
std::optional<heartbeat> read_heartbeat(std::string_view text);

std::optional<upstream> read_upstream(std::string_view text);

std::optional<same_id> read_same_id(std::string_view text);

std::optional<slow_consumer> read_slow_consumer(std::string_view text);

/// Parses a size from 1 to 1 TiB, such as `1000`, `64KiB` or `1GiB`.
std::optional<uint64_t> read_memory(std::string_view text);

/// Parses the size of a contiguous buffer, from 1 to 1 GiB.
std::optional<size_t> read_size(std::string_view text);

/// Parses a number from 1 to 1,000,000.
std::optional<size_t> read_count(std::string_view text);

/// Parses a number from 0 to 1,000,000.
std::optional<size_t> read_limit(std::string_view text);

/// Parses a duration above 0.
std::optional<std::chrono::milliseconds> read_timeout(std::string_view text);

std::optional<size_t> read_replicas(std::string_view text);

std::optional<size_t> read_threads(std::string_view text);

std::optional<std::string> read_level(std::string_view text);

/// Parses a log format; true for JSON.
std::optional<bool> read_format(std::string_view text);

/// The form of a receipt level, for error messages.
constexpr auto receipt_form = "routed, written or received";

/// Parses a receipt level; returns its name.
std::optional<std::string> read_receipt(std::string_view text);

/// Parses the authentication of clients; true if they need a token.
std::optional<bool> read_auth(std::string_view text);

} // namespace waybill::app
