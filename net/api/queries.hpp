#pragma once

#include "net/api/api.hpp"

namespace waybill::net {

// Queries to other nodes. `unknown` in a response is the number of nodes that
// did not answer.

/// Returns the nodes, or sessions, of an id or a topic: `GET /socket/{id}` and
/// `GET /topic/{name}`.
void handle_presence(api_context& context, const presence_request& request,
                     const exchange_ptr& exchange);

/// Summarizes the mailbox of an id, or empties it: `GET` and
/// `DELETE /socket/{id}/mailbox`.
void handle_mailbox(api_context& context, const mailbox_request& request,
                    const exchange_ptr& exchange);

/// Adds the sessions of an id to a topic, or removes them from it: `PUT` and
/// `DELETE /socket/{id}/topics/{name}`.
void handle_topic(api_context& context, const topic_request& request,
                  const exchange_ptr& exchange);

/// Forgets the last value of a topic: `POST /topic/{name}?retain=0` without a
/// body.
void handle_forget(api_context& context, const push_request& request,
                   const exchange_ptr& exchange);

/// Returns the trace of the last pushes to an id: `GET /trace/{id}`.
void handle_trace(api_context& context, const trace_request& request,
                  const exchange_ptr& exchange);

/// Returns the largest ids, topics and queues of all nodes: `GET /largest`.
void handle_ranking(api_context& context, const ranking_request& request,
                    const exchange_ptr& exchange);

/// Returns the figures of this node in the last hour, and the last lines of its
/// log: `GET /history`.
void handle_history(api_context& context, const exchange_ptr& exchange);

/// Returns the counters of all nodes: `GET /stats?cluster=1`.
void handle_cluster(api_context& context, const stats_request& request,
                    const exchange_ptr& exchange);

} // namespace waybill::net
