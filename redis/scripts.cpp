#include "redis/scripts.hpp"

#include <initializer_list>
#include <string_view>
#include <utility>

#include "redis/digest.hpp"

namespace waybill::redis {

script::script(std::string text)
    : text(std::move(text)), sha(sha1(this->text)) {
  // nop
}

namespace {

// Numbers in a script are doubles, which represent microseconds since 1970
// exactly until the year 2255. Large ones are formatted with %.0f, since Lua
// would print an exponent.
//
// Commands that Redis may refuse precede PUBLISH, which it never refuses: a
// script that may not write has no effect.
//
// A sorted set holds the expiry times of each mailbox, because reading a stream
// copies the bodies of all its entries. The set contains every entry of the
// mailbox, and may contain confirmed ones; these are removed when they
// outnumber the others, so the amortized cost is constant. It may lack
// entries that an older release has stored.

constexpr std::string_view check_text = R"(
local mail, due, once, owner = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local topics, last = KEYS[5], KEYS[6]
local functions = {
  {{'XREVRANGE', mail, '+', '-'}, {'XRANGE', mail, '-', '+'},
   {'ZRANGE', topics, 0, 0}, {'GET', last}},
  {{'XADD', mail, 'NOMKSTREAM', '*', 'message', ''}, {'XLEN', mail},
   {'XDEL', mail, '0-1'}, {'PTTL', mail}, {'PEXPIRE', mail, 1},
   {'ZADD', due, 'XX', 1, ''}, {'ZCARD', due}, {'ZRANGEBYSCORE', due, 0, 1},
   {'ZREM', due, ''}, {'HMGET', once, ''}, {'DEL', once}},
  {{'SET', owner, '', 'XX'}, {'GET', owner}}}
local result = {'', '', ''}
for i, commands in ipairs(functions) do
  for j = 1, ARGV[1] == 'all' and #commands or 1 do
    local r = redis.pcall(unpack(commands[j]))
    if type(r) == 'table' and r.err and result[i] == '' then
      result[i] = r.err
    end
  end
end
return result
)";

constexpr std::string_view count_text = R"(
local holders = ARGV[2] and redis.call(PUBLISH, KEYS[1], ARGV[2])
                or redis.call('PUBSUB', NUMSUB, KEYS[1])[2]
return {holders, redis.call('PUBSUB', NUMSUB, ARGV[1])[2]}
)";

/// A function that returns a field of an entry; a newer release may have added
/// others.
constexpr std::string_view field_function = R"(
local function field(entry, name)
  for i = 1, #entry[2], 2 do
    if entry[2][i] == name then return entry[2][i + 1] end
  end
end
)";

constexpr std::string_view push_text = R"(
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local time, is_value = tonumber(ARGV[3]), ARGV[4] == ''
local collapses = ARGV[6] ~= ''
-- An address has a mailbox or a last value.
local mail, due, collapsed, last = KEYS[1], KEYS[2], KEYS[3], KEYS[1]
local once = KEYS[#KEYS]
local has_key = #ARGV > 6
if has_key then
  local r = redis.call('HMGET', once, 'fingerprint', 'push', 'want', 'kept',
                       'nodes', 'node', 'until', 'outcome')
  if r[1] then
    if r[1] ~= ARGV[7] then return {'other'} end
    if not r[8] and r[3] ~= '0' and ARGV[9] ~= '0' and now < tonumber(r[7])
       and redis.call('PUBSUB', NUMSUB, r[6])[2] > 0 then
      return {'waiting'}
    end
    return {'recorded', r[2], r[3], r[4], r[5], r[8] or nil}
  end
end
local message = ARGV[2]
if time > 0 and is_value then
  redis.call('SET', last, message, 'PX', time)
elseif time > 0 then
  local function if_kept(entry)
    return entry and #redis.call('XRANGE', mail, entry, entry) > 0 and entry
  end
  local older = collapses and if_kept(redis.call('GET', collapsed))
  local limit, kept = tonumber(ARGV[4]), redis.call('XLEN', mail)
  if kept >= limit and redis.call('ZCARD', due) < kept then
    for _, e in ipairs(redis.call('XRANGE', mail, '-', '+')) do
      local expiry = string.match(field(e, 'expiry') or '', '^%d+$')
      redis.call('ZADD', due, expiry or '+inf', e[1])
    end
    redis.call('PEXPIRE', due, redis.call('PTTL', mail))
  end
  while kept - (older and 1 or 0) >= limit do
    local past = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, 16)
    if #past == 0 then return {'full'} end
    kept = kept - redis.call('XDEL', mail, unpack(past))
    redis.call('ZREM', due, unpack(past))
    older = if_kept(older)
  end
  if older then
    redis.call('XDEL', mail, older)
    redis.call('ZREM', due, older)
  end
  local expiry = string.format('%.0f', now + time)
  local entry = redis.call('XADD', mail, '*', 'message', message, 'expiry',
                           expiry)
  local left = redis.call('PTTL', mail)
  if left < 0 then redis.call('DEL', due) end
  if left < time then
    left = time
    redis.call('PEXPIRE', mail, left)
  end
  redis.call('ZADD', due, expiry, entry)
  redis.call('PEXPIRE', due, left)
  if collapses then
    redis.call('SET', collapsed, entry, 'PX', time)
  end
  message = message .. string.char(160 + #entry) .. entry
end
if has_key then
  redis.call('HSET', once, 'fingerprint', ARGV[7], 'push', ARGV[8], 'want',
             ARGV[9], 'kept', time > 0 and '1' or '0', 'nodes', 0, 'node',
             ARGV[10], 'until', string.format('%.0f', now + ARGV[11]))
  redis.call('PEXPIRE', once, ARGV[12])
end
local nodes = redis.call(PUBLISH, ARGV[1], message)
if has_key and (nodes > 0 or time > 0) then
  redis.call('HSET', once, 'nodes', nodes)
elseif has_key then
  redis.call('DEL', once)
end
local present = 0
if nodes == 0 then present = redis.call('PUBSUB', NUMSUB, ARGV[5])[2] end
return {'sent', nodes, present}
)";

constexpr std::string_view record_text = R"(
if redis.call('HGET', KEYS[1], 'push') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'outcome', ARGV[2])
return 1
)";

constexpr std::string_view read_text = R"(
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local upto, wanted = ARGV[2], math.max(1, tonumber(ARGV[3]))
if upto == '' then
  local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
  if #last == 0 then return {'', 0} end
  upto = last[1][1]
end
local from = ARGV[1] == '' and '-' or '(' .. ARGV[1]
local result, size, more = {upto, 0}, 0, true
while more and size < wanted do
  local page = redis.call('XRANGE', KEYS[1], from, upto, 'COUNT', 16)
  more = #page == 16
  for _, e in ipairs(page) do
    if size >= wanted then
      more = true
      break
    end
    from = '(' .. e[1]
    local message = field(e, 'message')
    local expiry = string.match(field(e, 'expiry') or '', '^%d+$')
    local left = message and expiry and math.min(expiry - now, 1e15)
    if left and left <= 0 then
      redis.pcall('XDEL', KEYS[1], e[1])
      redis.pcall('ZREM', KEYS[2], e[1])
    else
      if not left then message = table.concat(e[2], ' ') end
      size = size + #message
      result[#result + 1] = e[1]
      result[#result + 1] = message
      result[#result + 1] = left or -1
    end
  end
end
if more then result[2] = 1 end
return result
)";

constexpr std::string_view dead_letter_text = R"(
redis.call('HSETNX', KEYS[2], '', 0)
redis.call('PEXPIRE', KEYS[2], ARGV[2])
local heard = ARGV[1] == '' and 1 or redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
if heard <= tonumber(redis.call('HGET', KEYS[2], '')) then return 0 end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', unpack(ARGV, 4))
redis.call('HSET', KEYS[2], '', heard)
return 1
)";

constexpr std::string_view confirm_text = R"(
local removed = redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])
local kept = redis.call('XLEN', KEYS[1])
if kept == 0 then
  redis.call('DEL', KEYS[2])
elseif redis.call('ZCARD', KEYS[2]) > 2 * kept then
  local function numbers_of(entry)
    local time, number = string.match(entry, '(%d+)-(%d+)')
    return tonumber(time), tonumber(number)
  end
  local first_time, first_number = numbers_of(ARGV[1])
  for _, e in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
    local time, number = numbers_of(e)
    if time < first_time or (time == first_time and number < first_number) then
      redis.call('ZREM', KEYS[2], e)
    end
  end
end
return removed
)";

constexpr std::string_view summary_text = R"(
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local mail, due = KEYS[1], KEYS[2]
while true do
  local past = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, 1000)
  if #past == 0 then break end
  redis.call('XDEL', mail, unpack(past))
  redis.call('ZREM', due, unpack(past))
end
local kept = redis.call('XLEN', mail)
local oldest = redis.call('XRANGE', mail, '-', '+', 'COUNT', 1)[1]
local age = oldest and now - string.match(oldest[1], '^%d+') or 0
if ARGV[1] ~= '' then redis.call('DEL', mail, due) end
return {kept, math.max(age, 0)}
)";

constexpr std::string_view change_text = R"(
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local topics, topic, ttl = KEYS[1], ARGV[4], tonumber(ARGV[5])
if topic == '' then
  redis.call('DEL', KEYS[1])
elseif ttl == 0 then
  redis.call('ZREM', topics, topic)
else
  for _, past in ipairs(redis.call('ZRANGEBYSCORE', topics, '-inf', now)) do
    redis.call('ZREM', topics, past)
  end
  redis.call('ZADD', topics, string.format('%.0f', now + ttl), topic)
  if redis.call('PTTL', topics) < ttl then
    redis.call('PEXPIRE', topics, ttl)
  end
end
return {redis.call(PUBLISH, ARGV[1], ARGV[2]),
        redis.call('PUBSUB', NUMSUB, ARGV[3])[2]}
)";

constexpr std::string_view claim_text = R"(
local t = redis.call('TIME')
local number = t[1] * 1000000 + t[2]
-- An invalid value is replaced.
local found = redis.pcall('GET', KEYS[1])
local last = type(found) == 'string' and tonumber(found) or 0
if number <= last then number = last + 1 end
local text = string.format('%.0f', number)
redis.call('SET', KEYS[1], text, 'EX', 86400)
local bytes = ''
local rest = number
for _ = 1, 8 do
  bytes = string.char(rest % 256) .. bytes
  rest = math.floor(rest / 256)
end
redis.call(PUBLISH, ARGV[1], ARGV[2] .. string.char(207) .. bytes)
return text
)";

/// Returns the names of the commands as scripts call them.
std::string_view command_names(pubsub_kind kind) {
  return kind == pubsub_kind::classic
           ? "local PUBLISH, NUMSUB = 'PUBLISH', 'NUMSUB'"
           : "local PUBLISH, NUMSUB = 'SPUBLISH', 'SHARDNUMSUB'";
}

script make_script(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (auto part : parts)
    text += part;
  return script{std::move(text)};
}

script_table make_table(pubsub_kind kind) {
  auto names = command_names(kind);
  return {make_script({check_text}),
          make_script({names, count_text}),
          make_script({names, field_function, push_text}),
          make_script({record_text}),
          make_script({field_function, read_text}),
          make_script({dead_letter_text}),
          make_script({confirm_text}),
          make_script({summary_text}),
          make_script({names, change_text}),
          make_script({names, claim_text})};
}

} // namespace

const script_table& scripts_of(pubsub_kind kind) {
  static const auto classic = make_table(pubsub_kind::classic);
  static const auto sharded = make_table(pubsub_kind::sharded);
  return kind == pubsub_kind::classic ? classic : sharded;
}

} // namespace waybill::redis
