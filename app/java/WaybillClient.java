package io.waybill;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.*;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Listens to an id and its topics by a WebSocket. It needs Waybill.java beside it.
 *
 * <p>It connects anew whenever a connection ends or fails, at the next node: after the time that
 * the node tells ({@code retry=7.3}, {@code Retry-After}), or else after a random part of a time
 * that doubles up to 30 s. Only a kick and a replacement (4500 to 4999) end it for good. Kept
 * pushes that come again are dropped if they are among the last 1,000 that were handled. Its thread
 * is a daemon.
 */
public final class WaybillClient implements AutoCloseable {
  /** Takes what a client hears: all from one thread, one after the other. */
  public interface Handler {
    /**
     * Handles a push. A kept push is confirmed when this returns. If this throws, the client
     * connects anew, and a kept push comes again. Return within half of {@code --idle-timeout}.
     */
    void onMessage(Message message);

    /** Notes the greeting: every node can reach the client. */
    default void onOpen(String greeting) {}

    /**
     * Notes the end of a connection or of an attempt.
     *
     * @param code a close code; the HTTP status of a refusal; 0 where no node said anything
     * @param again whether another attempt follows
     */
    default void onClose(int code, String reason, boolean again) {}
  }

  /** A push: {@code text}, or else {@code bytes}; its name, and its topic if it has one. */
  public record Message(String text, byte[] bytes, String push, boolean kept, String topic) {}

  private static final Pattern RETRY = Pattern.compile("retry=(\\d{1,6}(\\.\\d{1,6})?)");
  private static final Pattern ENVELOPE =
      Pattern.compile("^\\{\"(push|kept|topic|data|base64)\":");
  private static final Duration MOST = Duration.ofSeconds(30);

  private final List<String> nodes;
  private final Handler handler;
  private final String target;
  private final HttpClient http;
  private final Supplier<String> token;
  private final Duration heartbeat;
  // All that follows belongs to this thread.
  private final ScheduledThreadPoolExecutor thread;
  private final Set<String> handled = new LinkedHashSet<>();
  private Connection connection;
  private int attempts = ThreadLocalRandom.current().nextInt(1 << 16);
  private int failures;
  private boolean wasOpen;

  /** Listens to an id, without topics and token. */
  public WaybillClient(List<String> nodes, String id, Handler handler) {
    this(nodes, id, List.of(), null, handler);
  }

  /**
   * Listens to an id and to topics.
   *
   * @param token returns the token for the next connection; {@code null} for nodes without tokens
   */
  public WaybillClient(List<String> nodes, String id, List<String> topics, Supplier<String> token,
      Handler handler) {
    this(nodes, id, topics, token, handler, Duration.ofSeconds(20), HttpClient.newHttpClient());
  }

  /** Listens with an HTTP client of your own, and drops connections silent for two heartbeats. */
  public WaybillClient(List<String> nodes, String id, List<String> topics, Supplier<String> token,
      Handler handler, Duration heartbeat, HttpClient http) {
    this.nodes = Waybill.bases(nodes);
    this.handler = handler;
    this.token = token;
    this.heartbeat = heartbeat;
    this.http = http;
    target = "/websocket/" + Waybill.encode(id)
        + "?topics=" + Waybill.encode(String.join(",", topics)) + "&via=";
    thread = new ScheduledThreadPoolExecutor(1, step -> {
      Thread result = new Thread(step, "waybill-" + id);
      result.setDaemon(true);
      return result;
    });
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    thread.execute(this::connect);
  }

  /** Ends the client for good. */
  @Override public void close() {
    try {
      thread.execute(() -> {
        Connection last = connection;
        connection = null;
        thread.shutdown();
        if (last != null && last.socket != null)
          last.socket.sendClose(WebSocket.NORMAL_CLOSURE, "").whenComplete((x, y) -> last.drop());
      });
    } catch (RejectedExecutionException e) {
      // It has ended already.
    }
  }

  private void connect() {
    Connection next = new Connection();
    connection = next;
    try {
      var builder = http.newWebSocketBuilder().subprotocols("waybill.v1").connectTimeout(MOST);
      if (token != null) builder.header("Authorization", "Bearer " + token.get());
      String base = nodes.get(Math.floorMod(attempts++, nodes.size())).replaceFirst("http", "ws");
      builder.buildAsync(URI.create(base + target + (wasOpen ? "reconnect" : "first")), next)
          .whenComplete((socket, error) -> {
            if (error != null) next.run(() -> refuse(error));
          });
    } catch (RuntimeException e) {
      end(0, e.toString(), Optional.empty());
    }
  }

  private void refuse(Throwable error) {
    Throwable cause = error instanceof CompletionException ? error.getCause() : error;
    if (cause instanceof WebSocketHandshakeException refusal)
      end(refusal.getResponse().statusCode(), "refused", Waybill.retryAfter(refusal.getResponse()));
    else
      end(0, cause.toString(), Optional.empty());
  }

  private void end(int code, String reason, Optional<Duration> told) {
    // To be let in and cut off at once is no success.
    if (connection.age().compareTo(MOST) > 0) failures = 0;
    connection.drop();
    connection = null;
    boolean again = code < 4500 || code > 4999;
    if (again) {
      Duration least = Set.of(1008, 1011, 1013).contains(code) ? MOST : Duration.ofMillis(500);
      Duration delay = told.orElse(Waybill.backoff(failures++, least, MOST));
      thread.schedule(this::connect, delay.toMillis(), TimeUnit.MILLISECONDS);
    } else {
      thread.shutdown();
    }
    handler.onClose(code, reason, again);
  }

  private void take(String text) {
    if (!ENVELOPE.matcher(text).find()) {
      handler.onOpen(text);
      return;
    }
    Map<String, Object> envelope = Waybill.Json.object(text);
    String push = (String) envelope.get("push");
    boolean kept = Boolean.TRUE.equals(envelope.get("kept"));
    if (kept && handled.contains(push)) return;
    String base64 = (String) envelope.get("base64");
    byte[] bytes = base64 == null ? null : Base64.getDecoder().decode(base64);
    handler.onMessage(new Message((String) envelope.get("data"), bytes, push, kept,
        (String) envelope.get("topic")));
    if (kept) handled.add(push);
    if (handled.size() > 1000) handled.remove(handled.iterator().next());
  }

  /** A WebSocket. Its calls come from threads of the HTTP client, and go on in the client's. */
  private final class Connection implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();
    private volatile WebSocket socket;
    private volatile boolean isSilent;
    private volatile boolean isClosed;
    private long openedAt = System.nanoTime();

    private void run(Runnable step) {
      try {
        thread.execute(() -> {
          if (connection == this) step.run();
          else drop();
        });
      } catch (RejectedExecutionException e) {
        drop();
      }
    }

    private void drop() {
      // The HTTP client answers a close frame by itself.
      if (socket != null && !isClosed) socket.abort();
    }

    private Duration age() {
      return Duration.ofNanos(socket == null ? 0 : System.nanoTime() - openedAt);
    }

    private void beat() {
      if (connection != this) return;
      if (isSilent) {
        end(0, "no heartbeat", Optional.empty());
        return;
      }
      isSilent = true;
      socket.sendPing(ByteBuffer.allocate(0));
      thread.schedule(this::beat, heartbeat.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override public void onOpen(WebSocket opened) {
      socket = opened;
      run(() -> {
        openedAt = System.nanoTime();
        wasOpen = true;
        beat();
        opened.request(1);
      });
    }

    @Override public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      text.append(part);
      isSilent = false;
      if (!last) {
        from.request(1);
        return null;
      }
      String whole = text.toString();
      text.setLength(0);
      run(() -> {
        try {
          take(whole);
          // What came meanwhile has not been read.
          isSilent = false;
          // The next frame is the ping whose pong confirms this one.
          from.request(1);
        } catch (RuntimeException e) {
          end(0, e.toString(), Optional.empty());
        }
      });
      return null;
    }

    @Override public CompletionStage<?> onPing(WebSocket from, ByteBuffer data) {
      return onPong(from, data);
    }

    @Override public CompletionStage<?> onPong(WebSocket from, ByteBuffer data) {
      isSilent = false;
      from.request(1);
      return null;
    }

    @Override public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
      isClosed = true;
      run(() -> {
        Matcher retry = RETRY.matcher(reason);
        end(code, reason, retry.find()
            ? Optional.of(Duration.ofMillis((long) (1000 * Double.parseDouble(retry.group(1)))))
            : Optional.empty());
      });
      return null;
    }

    @Override public void onError(WebSocket from, Throwable error) {
      run(() -> end(0, error.toString(), Optional.empty()));
    }
  }
}
