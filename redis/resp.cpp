#include "redis/resp.hpp"

#include <new>
#include <stdexcept>

#include <hiredis/hiredis.h>

namespace waybill::redis {

namespace {

/// Adds a reply to the list that hiredis is parsing, or creates a new one.
/// @returns null if memory is exhausted, which hiredis reports.
void* add(const redisReadTask* task, reply::kind type, int64_t number = 0,
          std::string_view text = {}) noexcept {
  try {
    reply result{type, number, std::string{text}};
    if (!task->parent)
      return new reply{std::move(result)};
    auto list = static_cast<reply*>(task->parent->obj);
    return &list->items.emplace_back(std::move(result));
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

/// Returns the functions by which hiredis creates replies. Its own ones
/// allocate a list by its announced length, before any element has arrived.
template <class Functions>
Functions make_functions() {
  Functions result{};
  result.createString
    = [](const redisReadTask* task, char* text, size_t size) -> void* {
    auto type = task->type == REDIS_REPLY_ERROR ? reply::kind::error
                                                : reply::kind::text;
    return add(task, type, 0, {text, size});
  };
  result.createArray = [](const redisReadTask* task, auto) -> void* {
    return add(task, reply::kind::list);
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
  result.freeObject = [](void* ptr) { delete static_cast<reply*>(ptr); };
  return result;
}

} // namespace

void append(std::string& out, const command& command) {
  std::vector<const char*> words;
  std::vector<size_t> sizes;
  for (auto& word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* text = nullptr;
  auto size = redisFormatCommandArgv(&text, static_cast<int>(command.size()),
                                     words.data(), sizes.data());
  if (size < 0)
    throw std::bad_alloc{};
  auto guard = std::unique_ptr<char, decltype(&free)>{text, &free};
  out.append(text, static_cast<size_t>(size));
}

void reply_reader::deleter::operator()(redisReader* ptr) const noexcept {
  redisReaderFree(ptr);
}

reply_reader::reply_reader() {
  static const auto functions = make_functions<redisReplyObjectFunctions>();
  // hiredis only reads them, despite its non-const parameter.
  reader_.reset(redisReaderCreateWithFunctions(
    const_cast<redisReplyObjectFunctions*>(&functions)));
  if (!reader_)
    throw std::bad_alloc{};
}

void reply_reader::feed(std::string_view bytes) {
  redisReaderFeed(reader_.get(), bytes.data(), bytes.size());
}

std::optional<reply> reply_reader::next() {
  void* ptr = nullptr;
  if (redisReaderGetReply(reader_.get(), &ptr) != REDIS_OK)
    throw std::runtime_error{reader_->errstr};
  if (!ptr)
    return std::nullopt;
  auto result = std::unique_ptr<reply>{static_cast<reply*>(ptr)};
  return std::move(*result);
}

} // namespace waybill::redis
