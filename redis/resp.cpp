#include "redis/resp.hpp"

#include <new>
#include <stdexcept>

#include <hiredis/hiredis.h>

namespace waybill::redis {

namespace {

reply convert(const redisReply& x) {
  switch (x.type) {
  case REDIS_REPLY_INTEGER:
    return {reply::kind::number, x.integer};
  case REDIS_REPLY_STRING:
  case REDIS_REPLY_STATUS:
    return {reply::kind::text, 0, std::string{x.str, size_t(x.len)}};
  case REDIS_REPLY_ERROR:
    return {reply::kind::error, 0, std::string{x.str, size_t(x.len)}};
  case REDIS_REPLY_ARRAY: {
    reply result{reply::kind::list};
    for (size_t i = 0; i < x.elements; ++i)
      result.items.push_back(convert(*x.element[i]));
    return result;
  }
  default:
    return {};
  }
}

} // namespace

void append(std::string& out, const command& what) {
  std::vector<const char*> words;
  std::vector<size_t> sizes;
  for (auto& word : what) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* text = nullptr;
  auto size = redisFormatCommandArgv(&text, static_cast<int>(what.size()),
                                     words.data(), sizes.data());
  if (size < 0)
    throw std::bad_alloc{};
  auto guard = std::unique_ptr<char, decltype(&free)>{text, &free};
  out.append(text, static_cast<size_t>(size));
}

void reply_reader::deleter::operator()(redisReader* ptr) const noexcept {
  redisReaderFree(ptr);
}

reply_reader::reply_reader() : reader_(redisReaderCreate()) {
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
  auto guard
    = std::unique_ptr<void, decltype(&freeReplyObject)>{ptr, &freeReplyObject};
  return convert(*static_cast<redisReply*>(ptr));
}

} // namespace waybill::redis
