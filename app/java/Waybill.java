package io.waybill;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.*;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Pushes messages to clients, through any of some nodes of Waybill. Thread-safe: an application
 * needs one. Guide: docs/guide/from-spring.md.
 *
 * <p>A request that fails for now is tried again at the next node until {@code patience} is over:
 * after 429, 502, 503, 504 and I/O errors, and not before the time in {@code Retry-After}. A push
 * has the same {@code Idempotency-Key} each time, so it is sent once. A batch has none: it is tried
 * again only if nothing was sent, which is after 429, 503 and a connection that was not made.
 *
 * <p>A method throws {@link Failure} if its request is refused or its result stays unknown.
 */
public final class Waybill {
  private static final Duration WAIT = Duration.ofSeconds(5);
  private static final Duration TRANSFER = Duration.ofSeconds(10);

  private final List<String> nodes;
  private final String apiKey;
  private final Duration patience;
  private final HttpClient http;
  // Starts at random, to spread backends, and changes when a node fails.
  private volatile int node;

  /**
   * Uses nodes with a patience of 30 s.
   *
   * @param nodes their URLs, such as {@code http://10.0.0.11:8080}
   * @param apiKey the key, or {@code null} for nodes without {@code --api-key-file}
   */
  public Waybill(List<String> nodes, String apiKey) {
    this(nodes, apiKey, Duration.ofSeconds(30),
        HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build());
  }

  /** Uses a patience and an HTTP client (trust store, proxy) of your own. */
  public Waybill(List<String> nodes, String apiKey, Duration patience, HttpClient http) {
    this.nodes = bases(nodes);
    this.apiKey = apiKey;
    this.patience = patience;
    this.http = http;
    node = ThreadLocalRandom.current().nextInt(nodes.size());
  }

  /** Pushes a text to an id, as {@link #send} does. */
  public Receipt push(String id, String text) {
    return send(Push.toId(id, text));
  }

  /** Sends a push. Its status is 200, 202 if it is only kept, or 404 if nobody is there. */
  public Receipt send(Push push) {
    String key = push.key == null ? UUID.randomUUID().toString() : push.key;
    var request = HttpRequest.newBuilder()
        .POST(BodyPublishers.ofByteArray(push.body)).timeout(push.wait.plus(TRANSFER))
        .header("Content-Type", push.text == null ? "application/octet-stream" : "text/plain")
        .header("Idempotency-Key", key);
    Map<String, Object> query = new LinkedHashMap<>(push.options);
    query.putAll(push.query);
    return new Receipt(exchange(push.path + query(query), request, true)).orThrow(200, 202, 404);
  }

  /**
   * Sends up to 10,000 texts in order.
   *
   * @return the receipt of each, with any status
   * @throws IllegalArgumentException if one has bytes or a key, or another receipt
   */
  public List<Receipt> sendAll(List<Push> batch) {
    if (batch.isEmpty()) return List.of();
    Push first = batch.get(0);
    for (Push push : batch)
      if (push.text == null || push.key != null || !push.query.equals(first.query))
        throw new IllegalArgumentException("a batch has texts without keys, and one receipt");
    var request = HttpRequest.newBuilder().timeout(first.wait.plus(TRANSFER)).POST(
        BodyPublishers.ofString(batch.stream().map(Push::line).collect(Collectors.joining("\n"))));
    var response = exchange("/push" + query(first.query), request, false);
    if (response.statusCode() != 200) throw new Failure(new Receipt(response), null);
    return response.body().lines().map(Json::object)
        .map(answer -> new Receipt(((Number) answer.get("status")).intValue(), answer)).toList();
  }

  /** Returns the number of nodes that hold the id: 0 if nobody is there. */
  public int presence(String id) {
    return ask("GET", "/socket/" + encode(id)).orThrow(200).count("nodes");
  }

  /** Closes all sessions of the id for good (4500). Returns the number of nodes that held it. */
  public int kick(String id) {
    return ask("DELETE", "/socket/" + encode(id)).orThrow(200, 404).count("nodes");
  }

  /**
   * Makes a token of a client, for nodes with {@code --auth jwt --jwt-alg HS256}.
   *
   * @param secret a line of {@code --jwt-key-file}, of 32 bytes or more
   * @param claims further claims, such as {@code topics}, {@code iss} and {@code aud}
   */
  public static String token(String secret, String id, Duration lifetime, Map<String, ?> claims) {
    byte[] key = secret.getBytes(UTF_8);
    if (key.length < 32) throw new IllegalArgumentException("a secret has 32 bytes or more");
    Map<String, Object> all = new LinkedHashMap<>(claims);
    all.put("sub", id);
    all.put("exp", Instant.now().plus(lifetime).getEpochSecond());
    var base64 = Base64.getUrlEncoder().withoutPadding();
    String text = base64.encodeToString("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".getBytes(UTF_8)) + "."
        + base64.encodeToString(Json.write(all).getBytes(UTF_8));
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return text + "." + base64.encodeToString(mac.doFinal(text.getBytes(UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Encodes an id or a topic as a segment of a path, where a space is not {@code +}. */
  public static String encode(String name) {
    return URLEncoder.encode(name, UTF_8).replace("+", "%20");
  }

  private Receipt ask(String method, String target) {
    return new Receipt(exchange(target, HttpRequest.newBuilder()
        .method(method, BodyPublishers.noBody()).timeout(WAIT.plus(TRANSFER)), true));
  }

  private HttpResponse<String> exchange(String target, HttpRequest.Builder request,
      boolean isRepeatable) {
    // Version 2 asks for an upgrade over plain HTTP, which nodes do not offer.
    request.version(HttpClient.Version.HTTP_1_1);
    if (apiKey != null) request.header("Authorization", "Bearer " + apiKey);
    Instant end = Instant.now().plus(patience);
    Duration delay = Duration.ZERO;
    for (int attempt = 0;; ++attempt) {
      Failure failure;
      int current = node;
      try {
        Thread.sleep(delay.toMillis());
        delay = backoff(attempt, Duration.ofMillis(100), Duration.ofSeconds(2));
        request.uri(URI.create(nodes.get(current) + target));
        var response = http.send(request.build(), BodyHandlers.ofString());
        var receipt = new Receipt(response);
        if (!receipt.isTemporary(isRepeatable)) return response;
        failure = new Failure(receipt, null);
        delay = retryAfter(response).orElse(delay);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new Failure(null, e);
      } catch (IOException e) {
        failure = new Failure(null, e);
        if (!isRepeatable && !(e instanceof ConnectException)
            && !(e instanceof HttpConnectTimeoutException)) throw failure;
      }
      node = (current + 1) % nodes.size();
      if (Instant.now().plus(delay).isAfter(end)) throw failure;
    }
  }

  private static String query(Map<String, Object> options) {
    return options.entrySet().stream()
        .map(option -> option.getKey() + "=" + encode("" + option.getValue()))
        .collect(Collectors.joining("&", "?", ""));
  }

  static List<String> bases(List<String> nodes) {
    if (nodes.isEmpty() || !nodes.stream().allMatch(node -> node.matches("https?://[^?#\\s]+")))
      throw new IllegalArgumentException("no URL of a node: " + nodes);
    return nodes.stream().map(node -> node.replaceAll("/+$", "")).toList();
  }

  static Optional<Duration> retryAfter(HttpResponse<?> response) {
    return response.headers().firstValue("Retry-After").filter(text -> text.matches("\\d{1,9}"))
        .map(text -> Duration.ofSeconds(Long.parseLong(text)));
  }

  /** Returns a random part of a time that doubles from {@code least} up to {@code most}. */
  static Duration backoff(int attempt, Duration least, Duration most) {
    long grown = Math.min(least.toMillis() << Math.min(attempt, 20), most.toMillis());
    return Duration.ofMillis(ThreadLocalRandom.current().nextLong(grown + 1));
  }

  /** The level up to which a push reports: nodes, sockets, or clients that have read it. */
  public enum ReceiptLevel { ROUTED, WRITTEN, RECEIVED }

  /** A message and its address. Its options are those of the reference. */
  public static final class Push {
    private final String path;
    private final Map<String, Object> address;
    private final String text;
    private final byte[] body;
    private final Map<String, Object> options = new LinkedHashMap<>();
    private final Map<String, Object> query = new LinkedHashMap<>();
    private Duration wait = WAIT;
    private String key;

    private Push(String path, String kind, Object name, String text, byte[] body) {
      this.path = path;
      this.address = Map.of(kind, name);
      this.text = text;
      this.body = body;
    }

    /** Addresses a text frame to an id. */
    public static Push toId(String id, String text) {
      return new Push("/socket/" + encode(id), "to", id, text, text.getBytes(UTF_8));
    }

    /** Addresses a binary frame to an id. */
    public static Push toId(String id, byte[] bytes) {
      return new Push("/socket/" + encode(id), "to", id, null, bytes.clone());
    }

    /** Addresses a text frame to all who listen to a topic. */
    public static Push toTopic(String topic, String text) {
      return new Push("/topic/" + encode(topic), "topic", topic, text, text.getBytes(UTF_8));
    }

    /** Addresses a text frame to everyone. */
    public static Push toEveryone(String text) {
      return new Push("/broadcast", "all", true, text, text.getBytes(UTF_8));
    }

    /** Keeps it for the id, for so many whole seconds, until a client has confirmed it. */
    public Push ttl(Duration time) {
      return option("ttl", time.toSeconds());
    }

    /** Sets another option of the reference, such as {@code fresh} to {@code "30s"}. */
    public Push option(String name, Object value) {
      options.put(name, value);
      return this;
    }

    /** Asks how far it got; by default to which nodes. */
    public Push receipt(ReceiptLevel level) {
      query.put("receipt", level.name().toLowerCase(Locale.ROOT));
      return this;
    }

    /** Has the node answer after this time at the latest, with what it knows; by default 5 s. */
    public Push within(Duration time) {
      wait = time;
      query.put("wait", time.toMillis() + "ms");
      return this;
    }

    /** Sets the {@code Idempotency-Key}, for repeats of your own; else each send has one. */
    public Push key(String idempotencyKey) {
      key = idempotencyKey;
      return this;
    }

    private String line() {
      Map<String, Object> line = new LinkedHashMap<>(address);
      line.put("message", text);
      line.putAll(options);
      return Json.write(line);
    }
  }

  /** An answer: its status and the members of its JSON. Numbers are {@code Double}. */
  public record Receipt(int status, Map<String, Object> answer) {
    private Receipt(HttpResponse<String> response) {
      this(response.statusCode(), Json.object(response.body()));
    }

    /** Returns a figure such as {@code nodes}, {@code written} or {@code received}, or 0. */
    public int count(String name) {
      return answer.get(name) instanceof Number number ? number.intValue() : 0;
    }

    private boolean isTemporary(boolean isRepeatable) {
      if (status == 429 || status == 503) return true;
      // If all nodes have answered, a repeat is told the same.
      boolean isFinal = answer.containsKey("nodes") && count("unknown") == 0;
      return isRepeatable && (status == 502 || status == 504 && !isFinal);
    }

    private Receipt orThrow(Integer... expected) {
      // A path that does not exist is 404 as well.
      boolean isNobody = "nobody".equals(answer.get("error"));
      if (!List.of(expected).contains(status) || status == 404 && !isNobody)
        throw new Failure(this, null);
      return this;
    }
  }

  /** A request that was refused (4xx, 507), was not sent (429, 503), or has an unknown result. */
  public static final class Failure extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final transient Receipt receipt;

    private Failure(Receipt receipt, Exception cause) {
      super(receipt == null ? "no answer: " + cause : receipt.status() + " "
          + receipt.answer().get("error") + ": " + receipt.answer().get("message"), cause);
      this.receipt = receipt;
    }

    /** Returns the last answer, if there was one. */
    public Optional<Receipt> receipt() {
      return Optional.ofNullable(receipt);
    }
  }

  /** Reads and writes JSON (RFC 8259), which the JDK does not. */
  static final class Json {
    private final String text;
    private int at;

    private Json(String text) {
      this.text = text;
    }

    /** Returns the members of an object; none if the text is no JSON, as a proxy's may be. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> object(String text) {
      try {
        return Objects.requireNonNull((Map<String, Object>) new Json(text).value());
      } catch (RuntimeException e) {
        return Map.of();
      }
    }

    static String write(Object value) {
      if (value instanceof Map<?, ?> map)
        return map.entrySet().stream()
            .map(member -> write(member.getKey()) + ":" + write(member.getValue()))
            .collect(Collectors.joining(",", "{", "}"));
      if (value instanceof Collection<?> list)
        return list.stream().map(Json::write).collect(Collectors.joining(",", "[", "]"));
      if (!(value instanceof String string)) return String.valueOf(value);
      return string.chars().mapToObj(c -> c == '"' || c == '\\' ? "\\" + (char) c
          : c < ' ' ? String.format("\\u%04x", c) : String.valueOf((char) c))
          .collect(Collectors.joining("", "\"", "\""));
    }

    private char next() {
      while (" \t\r\n".indexOf(text.charAt(at)) >= 0) ++at;
      return text.charAt(at++);
    }

    private Object value() {
      char first = next();
      if (first == '"') return string();
      if (first == '{' || first == '[') {
        Map<String, Object> map = new LinkedHashMap<>();
        List<Object> list = new ArrayList<>();
        for (char c = next(); c != '}' && c != ']'; c = next()) {
          if (c != ',') --at;
          if (first == '[') list.add(value());
          else if (value() instanceof String name && next() == ':') map.put(name, value());
          else throw new IllegalArgumentException(text);
        }
        return first == '{' ? map : list;
      }
      int from = at - 1;
      while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) ++at;
      String word = text.substring(from, at);
      return switch (word) {
        case "null" -> null;
        case "true", "false" -> Boolean.valueOf(word);
        default -> Double.valueOf(word);
      };
    }

    private String string() {
      StringBuilder result = new StringBuilder();
      for (char c = text.charAt(at++); c != '"'; c = text.charAt(at++)) {
        if (c == '\\') {
          c = text.charAt(at++);
          if (c == 'u') c = (char) Integer.parseInt(text.substring(at, at += 4), 16);
          else if ("bfnrt".indexOf(c) >= 0) c = "\b\f\n\r\t".charAt("bfnrt".indexOf(c));
        }
        result.append(c);
      }
      return result.toString();
    }
  }
}
