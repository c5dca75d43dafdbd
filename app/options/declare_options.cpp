#include "app/options/declare_options.hpp"

#include <memory>

#include "app/options/cli.hpp"
#include "app/options/option_parsers.hpp"
#include "app/options/toml.hpp"

namespace waybill::app {

namespace {

constexpr auto size_form = "a number of bytes such as 1000, 64KiB or 1MiB";
constexpr auto count_form = "a number from 1 to 1000000";
constexpr auto limit_form = "a number from 0 to 1000000";
constexpr auto address_form = "host:port or unix:/path";

/// Puts the options that are declared from now on under a heading of --help.
void begin_group(CLI::App& parser, const char* title) {
  parser.option_defaults()->group(title);
}

/// Marks an option that takes effect on SIGHUP.
void reloadable(options& result, const CLI::Option* option) {
  result.reloadable.insert(option->get_lnames()[0]);
}

void declare_listening(CLI::App& parser, options& result) {
  begin_group(parser, "Listening");
  auto& connections = result.connections;
  add(parser, "--listen", result.listen, &net::listen_address::parse,
      address_form, "127.0.0.1:8080",
      "Address for clients and pushers, repeatable: host:port (port 0 takes a "
      "free one) or unix:/path");
  add(parser, "--admin-listen", result.admin_listen,
      &net::listen_address::parse, address_form, "",
      "Address for pushers and admins, repeatable: --listen then serves "
      "WebSockets only");
  add(parser, "--trusted-proxy", connections.trusted_proxies,
      &net::network::parse, "an address, a network such as 10.0.0.0/8, or unix",
      "",
      "Proxy whose X-Forwarded-For is trusted, repeatable: an address, a "
      "network, or unix for all unix socket connections");
  parser.add_flag("--proxy-protocol", connections.proxy_protocol,
                  "Require the PROXY protocol, version 1 or 2, on connections "
                  "of a --trusted-proxy");
  reloadable(
    result,
    parser.add_flag("--insecure", result.insecure,
                    "Listen where others can connect, without authentication"));
}

void declare_tls(CLI::App& parser, options& result) {
  begin_group(parser, "TLS");
  reloadable(result, parser.add_option(
                       "--tls-cert", result.tls.files.certificate,
                       "PEM file of the certificate and its intermediates: all "
                       "ports but unix sockets use TLS"));
  reloadable(result,
             parser.add_option("--tls-key", result.tls.files.key,
                               "PEM file of its private key, not encrypted"));
  reloadable(
    result,
    parser.add_option("--admin-tls-cert", result.admin_tls.files.certificate,
                      "Certificate for --admin-listen; by default --tls-cert"));
  reloadable(result,
             parser.add_option("--admin-tls-key", result.admin_tls.files.key,
                               "PEM file of its private key, not encrypted"));
  reloadable(
    result,
    parser.add_option("--admin-tls-client-ca", result.admin_tls.files.client_ca,
                      "PEM file of CA certificates: each client of "
                      "--admin-listen needs a certificate from one of them"));
}

void declare_access(CLI::App& parser, options& result) {
  begin_group(parser, "Access");
  auto& access = result.access;
  reloadable(result, add(parser, "--auth", access.needs_token, &read_auth,
                         "none or jwt", "none",
                         "Authentication of clients: none, jwt (by a token)"));
  reloadable(result,
             parser.add_option(
               "--jwt-key-file", access.token_key_files,
               "File of keys that verify tokens, repeatable: secrets, one "
               "a line, or public keys in PEM"));
  reloadable(result,
             add(parser, "--jwt-alg", access.tokens.algorithm,
                 &net::parse_algorithm, "HS256, RS256 or ES256", "HS256",
                 "Algorithm that signs tokens: HS256, RS256, ES256"));
  reloadable(
    result, parser.add_option("--jwt-audience", access.tokens.audience,
                              "Audience that the aud of a token must include"));
  reloadable(result,
             parser.add_option("--jwt-issuer", access.tokens.issuer,
                               "Issuer that the iss of a token must equal"));
  reloadable(
    result,
    add(
      parser, "--allow-origin", access.origins, &net::origin::parse,
      "an origin such as https://example.com or https://*.example.com", "",
      "Origin of pages that may connect, besides pages of the requested host; "
      "repeatable"));
  reloadable(result, parser.add_option(
                       "--api-key-file", access.api_key_file,
                       "File of the keys that pushers need; see waybill key"));
}

void declare_cluster(CLI::App& parser, options& result) {
  begin_group(parser, "Cluster");
  parser.add_option("--node", result.node,
                    "Unique name of this node; by default made of the host "
                    "name and the process id");
  // Several are an error that names Redis Cluster.
  add(parser, "--redis", result.redis, &read_redis,
      "redis://[user:password@]host:port[/db], rediss:// for TLS, unix://path, "
      "redis+sentinel://[user:password@]host:port,…/master[/db], or "
      "redis+cluster:// or rediss+cluster://[user:password@]host:port,…, which "
      "have no database",
      "", "URL of the cluster's Redis; without one, the node runs alone")
    ->expected(1)
    ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  parser.add_option(
    "--redis-ca", result.redis_ca,
    "PEM file of the CA certificates for TLS to Redis; by default "
    "the system's");
  parser
    .add_option("--redis-channel", result.redis_channel,
                "Channel on which programs publish {\"KEY\":…,\"VALUE\":…}")
    ->capture_default_str();
  parser
    .add_option("--redis-prefix", result.redis_prefix,
                "Prefix of all other channels and keys, without braces")
    ->capture_default_str();
  add(parser, "--redis-replicas", result.redis_replicas, &read_replicas,
      "a number from 0 to 100", "0",
      "Replicas that must store a push with a ttl before it is answered; with "
      "failover, set it to the number of replicas");
  parser.add_flag("--shadow", result.shadow,
                  "Only read --redis-channel: deliver nothing of it, and print "
                  "the number of sessions that each push would have reached");
}

void declare_sessions(CLI::App& parser, options& result) {
  begin_group(parser, "Sessions");
  parser
    .add_option("--greeting", result.greeting,
                "First text to each client; empty for none")
    ->capture_default_str();
  add(parser, "--heartbeat", result.heartbeats, &read_heartbeat,
      "TEXT=ANSWER, such as ping=pong", "",
      "Text of a client that the node answers itself, such as ping=pong, for "
      "clients without ping frames; repeatable");
  add(parser, "--upstream", result.upstream, &read_upstream,
      "log, echo, redis or stream", "log",
      "Destination of messages from clients: log, echo, redis (published on a "
      "channel), stream (added to a stream of Redis)");
  add(parser, "--same-id", result.same_id, &read_same_id,
      "all, newest-per-node or newest", "all",
      "Effect of a second session of an id: all (both stay), newest-per-node "
      "(it replaces the first on its node), newest (in the whole cluster)");
  add(parser, "--slow-consumer", result.when_slow, &read_slow_consumer,
      "close or drop-oldest", "close",
      "Effect of a full send queue: close (the session, with 1013), "
      "drop-oldest (the oldest queued messages)");
  parser.add_flag("--compression", result.connections.websocket.compression,
                  "Accept permessage-deflate from clients that offer it");
  add(parser, "--events-lifetime", result.connections.events_lifetime,
      &read_timeout, duration_form, "5m",
      "Time after which an event stream ends, within 20%: its client comes "
      "back, and so confirms the pushes that it has read");
}

void declare_request_limits(CLI::App& parser, options& result) {
  begin_group(parser, "Limits of connections and requests");
  auto& connections = result.connections;
  add(parser, "--idle-timeout", connections.websocket.idle_timeout,
      &read_timeout, duration_form, "60s",
      "Time after which a silent connection is closed; a WebSocket is pinged "
      "at half of it");
  add(parser, "--head-timeout", connections.head_timeout, &read_timeout,
      duration_form, "10s", "Time to send a request or finish a handshake");
  add(parser, "--max-connection-rate", connections.max_connection_rate,
      &read_limit, limit_form, "0",
      "New connections a second from an IPv4 address or IPv6 /64; 0 for no "
      "limit, as many clients may share an address");
  add(
    parser, "--max-upgrade-rate", result.max_upgrade_rate, &read_limit,
    limit_form, "",
    "Sessions a second that this node opens, WebSockets and event streams; by "
    "default 1000 for each event loop; 0 for no limit");
  add(parser, "--max-push-rate", result.limits.max_push_rate, &read_limit,
      limit_form, "0",
      "Pushes a second of a pusher on this node; 0 for no limit");
  add(parser, "--max-request-memory", result.max_request_memory, &read_memory,
      size_form, "64MiB",
      "Memory for the bodies of requests in progress; event loops share it "
      "equally, and one body always fits");
  add(parser, "--max-head", connections.max_head, &read_size, size_form,
      "16KiB", "Largest head of a request");
  add(parser, "--max-fields", connections.max_fields, &read_count, count_form,
      "100", "Header fields of a request");
  add(parser, "--max-body", connections.max_body, &read_size, size_form,
      "256KiB", "Largest push, and at most --max-queue");
}

void declare_session_limits(CLI::App& parser, options& result) {
  begin_group(parser, "Limits of sessions");
  auto& sessions = result.limits.sessions;
  add(parser, "--max-sessions", sessions.in_total, &read_count, count_form, "",
      "Sessions of this node; by default, and at most, 90% of the file "
      "descriptors that it may open");
  add(parser, "--max-sessions-per-id", sessions.per_id, &read_limit, limit_form,
      "1000", "Sessions of an id on this node; 0 for no limit");
  add(parser, "--max-sessions-per-peer", sessions.per_peer, &read_limit,
      limit_form, "0",
      "Sessions of an IPv4 address or IPv6 /64 on this node; 0 for no limit, "
      "as many clients may share an address");
  add(parser, "--max-topics", result.max_topics, &read_count, count_form, "100",
      "Topics of a session");
  add(parser, "--max-message", result.connections.websocket.max_message,
      &read_size, size_form, "64KiB", "Largest message from a client");
  add(parser, "--max-message-rate", result.max_message_rate, &read_count,
      count_form, "100",
      "WebSocket frames a second from a client, averaged over ten seconds");
  add(parser, "--max-byte-rate", result.max_byte_rate, &read_size, size_form,
      "1MiB", "Bytes a second from a client, averaged over ten seconds");
  add(parser, "--max-queue", result.max_queue, &read_size, size_form, "1MiB",
      "Bytes in the send queue of a client");
  add(parser, "--max-queue-frames", result.max_queue_frames, &read_count,
      count_form, "65536", "Messages in the send queue of a client");
  add(parser, "--max-queued", result.limits.max_queued, &read_memory, size_form,
      "256MiB",
      "Memory of all send queues of this node; past it, the sessions with the "
      "largest are closed");
  add(parser, "--mailbox-limit", result.mailbox_limit, &read_count, count_form,
      "1000", "Pushes kept for an id; past it, a push is answered 507");
  add(parser, "--upstream-limit", result.upstream_limit, &read_count,
      count_form, "10000",
      "Messages that --upstream stream keeps; past it, the oldest are removed");
}

void declare_process(CLI::App& parser, options& result) {
  begin_group(parser, "Process");
  add(parser, "--threads", result.threads, &read_threads,
      "a number from 1 to 256", "",
      "Number of event loops; by default the number of cores");
  add(parser, "--drain", result.drain, &net::parse_duration, duration_form,
      "10s", "Time over which a stopping node closes its sessions");
  reloadable(result,
             add(parser, "--log-level", result.log_level, &read_level,
                 "debug, info, warn or error", "info",
                 "Lowest level that is logged: debug, info, warn, error"));
  add(parser, "--otlp", result.otlp, &otlp_url::parse,
      "http://host:port or https://host:port, with or without a path", "",
      "Collector of OpenTelemetry that gets the spans of pushes with a "
      "traceparent, by OTLP over HTTP as JSON; the path is /v1/traces by "
      "default");
  add(parser, "--log-format", result.log_json, &read_format, "text or json",
      "text", "Format of log lines: text, json");
}

} // namespace

void declare_options(CLI::App& parser, options& result) {
  parser.set_config("--config", "", "Read options from this TOML file");
  parser.allow_config_extras(CLI::config_extras_mode::error);
  parser.config_formatter(std::make_shared<toml_reader>(parser));
  declare_listening(parser, result);
  declare_tls(parser, result);
  declare_access(parser, result);
  declare_cluster(parser, result);
  declare_sessions(parser, result);
  declare_request_limits(parser, result);
  declare_session_limits(parser, result);
  declare_process(parser, result);
}

} // namespace waybill::app
