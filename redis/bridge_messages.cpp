// The messages that a bridge receives from Redis.

#include "redis/bridge.hpp"

#include <utility>
#include <variant>

#include "redis/codec.hpp"
#include "redis/ingress_message.hpp"
#include "redis/node_message.hpp"

namespace waybill::redis {

void bridge::on_events(events& events) {
  for (auto& event : events.all) {
    // Other events may tell the registry what is true only after all pushes
    // that arrived before.
    if (!std::holds_alternative<message>(event))
      flush_deliveries();
    std::visit([this](auto& x) { on(x); }, event);
  }
  flush_deliveries();
  flush_outcomes();
  if (std::exchange(attaches_again_, false) && holder_)
    send(holder_, bus_state::ready);
  // One canary covers all that was read in this batch.
  if (fence_.needs_more_than(canaries_))
    send_canary();
}

void bridge::on(answered& event) {
  event.then(std::move(event.reply));
}

void bridge::on(message& message) {
  if (commands_.all_names().is_channel_of_node(message.channel)) {
    flush_deliveries();
    return !message.bytes.empty() && message.bytes[0] >= '0'
               && message.bytes[0] <= '9'
             ? on_canary(message.bytes)
             : on_node_message(message.bytes);
  }
  if (message.channel == config_.open_channel)
    return on_ingress(message.bytes);
  if (commands_.all_names().is_channel_of_nodes(message.channel))
    if (auto x = decode_beat(message.bytes))
      return nodes_.on_beat(*x, clock().now());
  auto i = entries_.find(message.channel);
  if (i == entries_.end())
    return;
  auto& held = i->second;
  auto decoded = decode(message.bytes);
  if (!decoded)
    return on_unreadable(message.channel, decoded.error());
  if (held.completion != 0)
    held.arrived.push_back(std::move(*decoded));
  else
    deliveries_.push_back({held.address, std::move(*decoded)});
}

void bridge::flush_deliveries() {
  if (!deliveries_.empty())
    send(holder_, deliver_atom_v, std::exchange(deliveries_, {}));
}

void bridge::on_node_message(const std::string& bytes) {
  auto x = decode_node_message(bytes);
  if (!x)
    return on_unreadable(own_channel_, x.error());
  for (auto& report : x->reports) {
    report.to = config_.node;
    take(std::move(report));
  }
  // Earlier reports of that push are queued before this one.
  if (!x->probe.empty())
    take({x->probe, x->node, settled{}});
}

void bridge::on_unreadable(const std::string& channel, const caf::error& why) {
  // A newer release may send kinds that only it knows.
  if (why == another_kind) {
    ++counts_[metric::unknown_kinds];
    return;
  }
  ++counts_[metric::bad_messages];
  complain("WB-211", "bad message on channel " + channel + ": "
                       + why.context().get_as<std::string>(0));
}

void bridge::on_ingress(const std::string& bytes) {
  if (auto plain = read_plain_ingress(bytes, config_.max_body)) {
    auto address = push_address::id(plain->id);
    if (takes_ingress(address))
      deliveries_.push_back(
        {std::move(address), push{"", make_text(std::string{plain->text})}});
    return;
  }
  auto parsed = parse_ingress(bytes, config_.max_body);
  if (!parsed) {
    auto& context = parsed.error().context();
    return dead_letter(bytes, context.get_as<std::string>(0));
  }
  auto address = push_address::id(parsed->id);
  if (takes_ingress(address))
    deliveries_.push_back(
      {std::move(address), push{"", std::move(parsed->body)}});
}

bool bridge::takes_ingress(const push_address& address) const {
  // In a Redis Cluster other bridges of this node have other addresses.
  return holder_
         && (config_.cluster
             || entries_.contains(commands_.channel_of(address)));
}

void bridge::dead_letter(const std::string& bytes, const std::string& reason) {
  ++counts_[metric::bad_messages];
  complain("WB-211",
           "bad message on channel " + config_.open_channel + ": " + reason);
  commands_.dead_letter(bytes, reason,
                        [this](const caf::expected<uint64_t>& kept) {
                          if (!kept)
                            complain(kept.error());
                        });
}

} // namespace waybill::redis
