// The commands of a bridge for mailboxes and dead letters.

#include "redis/commands.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "redis/digest.hpp"

namespace waybill::redis {

using std::chrono::milliseconds;

namespace {

/// Maximum size of the message in a dead letter, in bytes.
constexpr size_t dead_letter_size = 4096;

/// Approximate maximum number of dead letters.
constexpr auto max_dead_letters = "10000";

/// Time in milliseconds within which all nodes receive the same message.
constexpr auto dead_letter_time = "60000";

milliseconds milliseconds_since_1970() {
  return std::chrono::floor<milliseconds>(
    std::chrono::system_clock::now().time_since_epoch());
}

/// Decodes an entry of a mailbox.
/// @param left is the remaining time to live in milliseconds; negative if the
///        entry has no message or no expiry.
/// @returns `caf::sec::invalid_argument`, with the reason as its context.
caf::expected<push> to_kept(const std::string& entry, std::string message,
                            int64_t left) {
  auto rejected = [](std::string why) {
    return make_error(caf::sec::invalid_argument, std::move(why));
  };
  if (left < 0)
    return rejected("an entry without a message or an expiry");
  append_entry(message, entry);
  auto decoded = decode(message);
  if (!decoded)
    return rejected(decoded.error() == another_kind
                      ? "a message of another kind"
                      : "not a push");
  auto result = std::get_if<push>(&*decoded);
  if (!result)
    return rejected("a message that is not for clients");
  result->entry = entry;
  result->ttl = std::min<milliseconds>(milliseconds{left}, longest_ttl);
  // The receipt knows already that it is kept, so no report is sent.
  result->reply_to.clear();
  result->want = receipt_level::routed;
  return std::move(*result);
}

} // namespace

void commands::count_entries(const push_address& address,
                             handler<uint64_t> then) {
  send(std::make_shared<const command>(
         make_command("XLEN", names_.inbox_of(address))),
       [then = std::move(then)](const caf::expected<reply>& x) {
         then(number_of(x));
       });
}

void commands::read(const inbox_query& query, rejection_handler on_rejected,
                    handler<inbox_page> then) {
  if (!query.upto.empty())
    return read_page(query, on_rejected, then);
  // Most mailboxes are empty, and a script takes Redis far longer.
  count_entries(query.address, [this, query, on_rejected,
                                then](const caf::expected<uint64_t>& entries) {
    if (!entries)
      then(entries.error());
    else if (*entries == 0)
      then(inbox_page{});
    else
      read_page(query, on_rejected, then);
  });
}

void commands::read_page(const inbox_query& query,
                         const rejection_handler& on_rejected,
                         const handler<inbox_page>& then) {
  eval(scripts_.read,
       {names_.inbox_of(query.address), names_.due_of(query.address)},
       {query.after, query.upto, std::to_string(query.max_bytes)},
       [this, query, on_rejected, then](const caf::expected<reply>& x) {
         if (!x)
           return then(x.error());
         auto& items = x->items;
         if (items.size() < 2 || items.size() % 3 != 2)
           return then(unexpected_reply());
         inbox_page result{{}, items[0].text, items[1].number != 0};
         auto now = milliseconds_since_1970();
         for (size_t i = 2; i < items.size(); i += 3) {
           auto& entry = items[i].text;
           auto& message = items[i + 1].text;
           auto kept = to_kept(entry, message, items[i + 2].number);
           if (!kept) {
             auto& context = kept.error().context();
             auto reason = context.get_as<std::string>(0);
             reject(query.address, entry, message, reason);
             on_rejected(query.address, reason);
             continue;
           }
           // The clocks of Redis and this node may differ.
           result.age
             += std::max(now - milliseconds{to_number(entry)}, milliseconds{0});
           result.pushes.push_back(*std::move(kept));
         }
         if (!result.pushes.empty() || !result.more)
           return then(std::move(result));
         // No entry of this page can be decoded; later ones may.
         auto rest = query;
         rest.after = items[items.size() - 3].text;
         rest.upto = result.upto;
         read_page(rest, on_rejected, then);
       });
}

void commands::summarize(const push_address& address,
                         handler<inbox_summary> then) {
  read_summary(address, false, std::move(then));
}

void commands::clear(const push_address& address, handler<uint64_t> then) {
  read_summary(address, true,
               [then = std::move(then)](const caf::expected<inbox_summary>& x) {
                 if (x)
                   then(x->entries);
                 else
                   then(x.error());
               });
}

void commands::read_summary(const push_address& address, bool clears,
                            handler<inbox_summary> then) {
  eval(scripts_.summary, {names_.inbox_of(address), names_.due_of(address)},
       {clears ? "1" : ""},
       [then = std::move(then)](const caf::expected<reply>& x) {
         if (!x)
           then(x.error());
         else if (x->items.size() != 2)
           then(unexpected_reply());
         else
           then(inbox_summary{uint64_t(x->items[0].number),
                              milliseconds{x->items[1].number}});
       });
}

void commands::reject(const push_address& address, const std::string& entry,
                      const std::string& message, const std::string& reason) {
  auto mailbox = names_.inbox_of(address);
  auto due = names_.due_of(address);
  auto then = [this, mailbox, due, entry](const caf::expected<uint64_t>& x) {
    // If it is not stored, the next read rejects the entry again.
    if (!x)
      return;
    for (auto& command : {make_command("XDEL", mailbox, entry),
                          make_command("ZREM", due, entry)})
      send(std::make_shared<const redis::command>(command),
           [](const caf::expected<reply>&) {
             // An entry that stays is rejected again.
           });
  };
  store_dead_letter("", mailbox + ' ' + entry, message, reason,
                    {"key", mailbox}, then);
}

void commands::dead_letter(const std::string& message,
                           const std::string& reason, handler<uint64_t> then) {
  store_dead_letter(config_.node, message, message, reason, {},
                    std::move(then));
}

void commands::store_dead_letter(
  const std::string& receiver, std::string_view id, const std::string& message,
  const std::string& reason, const command& fields, handler<uint64_t> then) {
  auto arguments = make_command(receiver, dead_letter_time, max_dead_letters,
                                "message", message.substr(0, dead_letter_size),
                                "reason", reason, "node", config_.node);
  arguments.insert(arguments.end(), fields.begin(), fields.end());
  eval(scripts_.dead_letter,
       {names_.dead_letters(), names_.dead_letter_counts(sha1(id))},
       std::move(arguments),
       [then = std::move(then)](const caf::expected<reply>& x) {
         then(number_of(x));
       });
}

void commands::confirm(const push_address& address, const std::string& entry,
                       handler<uint64_t> then) {
  // MINID is the first entry that is not removed.
  auto dash = entry.find('-') + 1;
  auto next
    = entry.substr(0, dash) + std::to_string(to_number(entry.substr(dash)) + 1);
  eval(scripts_.confirm, {names_.inbox_of(address), names_.due_of(address)},
       {next}, [then](const caf::expected<reply>& x) { then(number_of(x)); });
}

} // namespace waybill::redis
