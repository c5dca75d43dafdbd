#include "redis/resp.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <new>
#include <stdexcept>

#include <hiredis/hiredis.h>

#include "actors/core/errc.hpp"

namespace waybill::redis {

namespace {

/// Number of elements for which a list has room from the start: those of a
/// message on a channel.
constexpr size_t usual_length = 3;

/// Adds a reply to the list that hiredis is parsing, or sets that of the
/// reader.
/// @returns null if memory is exhausted, which hiredis reports.
void* add(const redisReadTask* task, reply::kind type, int64_t number = 0,
          std::string_view text = {}, size_t length = 0) noexcept {
  try {
    reply result{type, number, std::string{text}};
    result.items.reserve(std::min(length, usual_length));
    if (!task->parent)
      return &(*static_cast<reply*>(task->privdata) = std::move(result));
    auto list = static_cast<reply*>(task->parent->obj);
    return &list->items.emplace_back(std::move(result));
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

/// Returns the functions by which hiredis creates replies. Its own ones
/// allocate a list by its announced length, however long, before any element
/// has arrived.
template <class Functions>
Functions make_functions() {
  Functions result{};
  result.createString
    = [](const redisReadTask* task, char* text, size_t size) -> void* {
    auto type = task->type == REDIS_REPLY_ERROR ? reply::kind::error
                                                : reply::kind::text;
    return add(task, type, 0, {text, size});
  };
  result.createArray = [](const redisReadTask* task, auto length) -> void* {
    return add(task, reply::kind::list, 0, {}, static_cast<size_t>(length));
  };
  result.createInteger
    = [](const redisReadTask* task, long long number) -> void* {
    return add(task, reply::kind::number, number);
  };
  result.createNil = [](const redisReadTask* task) -> void* {
    return add(task, reply::kind::nil);
  };
  // The other types of hiredis 1 belong to RESP3, which is never enabled.
  if constexpr (requires { result.createDouble; }) {
    result.createDouble
      = [](const redisReadTask* task, double, char*, size_t) -> void* {
      return add(task, reply::kind::nil);
    };
    result.createBool = [](const redisReadTask* task, int) -> void* {
      return add(task, reply::kind::nil);
    };
  }
  result.freeObject = [](void* ptr) { *static_cast<reply*>(ptr) = {}; };
  return result;
}

} // namespace

void append(std::string& out, const command& command) {
  // Of a word: '$', up to 20 digits, and two line ends.
  constexpr size_t overhead = 25;
  auto size = out.size() + overhead;
  for (auto& word : command)
    size += word.size() + overhead;
  // Once, since each growth copies a body that is there.
  out.reserve(size);
  auto add_size = [&out](char type, size_t count) {
    std::array<char, 20> digits;
    auto end = std::to_chars(digits.begin(), digits.end(), count).ptr;
    out += type;
    out.append(digits.begin(), end);
    out += "\r\n";
  };
  add_size('*', command.size());
  for (auto& word : command) {
    add_size('$', word.size());
    out += word;
    out += "\r\n";
  }
}

namespace {

/// Number of bytes for whose replies the buffer of a reader is kept.
constexpr size_t largest_buffer = 64 << 10;

} // namespace

void reply_reader::deleter::operator()(redisReader* ptr) const noexcept {
  redisReaderFree(ptr);
}

reply_reader::reply_reader() : reply_(std::make_unique<reply>()) {
  open();
}

void reply_reader::open() {
  static const auto functions = make_functions<redisReplyObjectFunctions>();
  // hiredis only reads them, despite its non-const parameter.
  reader_.reset(redisReaderCreateWithFunctions(
    const_cast<redisReplyObjectFunctions*>(&functions)));
  if (!reader_)
    throw std::bad_alloc{};
  reader_->privdata = reply_.get();
}

void reply_reader::feed(std::string_view bytes) {
  fed_ += bytes.size();
  redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
}

bool reply_reader::is_idle() const noexcept {
  return !is_partial_ && reader_->pos == reader_->len;
}

std::optional<reply> reply_reader::next() {
  if (is_idle()) {
    // hiredis would keep its buffer until the next `feed`.
    if (std::exchange(fed_, 0) > largest_buffer)
      open();
    return std::nullopt;
  }
  void* ptr = nullptr;
  if (redisReaderGetReply(reader_.get(), &ptr) != REDIS_OK)
    throw std::runtime_error{reader_->errstr};
  is_partial_ = !ptr;
  if (!ptr)
    return std::nullopt;
  return std::exchange(*reply_, {});
}

uint64_t to_number(std::string_view text) {
  uint64_t result = 0;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

caf::error unexpected_reply() {
  return {errc::refused, std::string{"an unexpected reply"}};
}

caf::expected<uint64_t> number_of(const caf::expected<reply>& x) {
  if (!x)
    return x.error();
  switch (x->type) {
  case reply::kind::number:
    return static_cast<uint64_t>(x->number);
  case reply::kind::text:
    return to_number(x->text);
  case reply::kind::nil:
    return uint64_t{0};
  case reply::kind::list:
  case reply::kind::error:
    break;
  }
  return unexpected_reply();
}

} // namespace waybill::redis
