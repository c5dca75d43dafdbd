import io.waybill.Waybill;
import io.waybill.Waybill.Push;
import io.waybill.Waybill.Receipt;
import io.waybill.Waybill.ReceiptLevel;
import io.waybill.WaybillClient;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * Does what its arguments say, and prints all that a user of the client sees.
 *
 * <p>{@code Transcript BASES KEY COMMAND ARGUMENT...}; bases are separated by commas, and a key of
 * "-" is none. Prints the names of counts that are not 0.
 */
public final class Transcript {
  private static final String[] COUNTS = {"nodes", "sessions", "written", "received", "unknown"};

  private Transcript() {}

  public static void main(String[] arguments) throws InterruptedException {
    List<String> bases = List.of(arguments[0].split(","));
    String key = arguments[1].equals("-") ? null : arguments[1];
    String[] rest = Arrays.copyOfRange(arguments, 3, arguments.length);
    if (arguments[2].equals("listen")) {
      listen(bases, key, rest);
      return;
    }
    try {
      Waybill waybill = new Waybill(bases, key, Duration.ofSeconds(20), HttpClient.newHttpClient());
      command(waybill, arguments[2], rest);
    } catch (Waybill.Failure failure) {
      say("failure: " + failure.getMessage());
    }
  }

  private static void command(Waybill waybill, String name, String[] arguments) {
    String first = arguments.length > 0 ? arguments[0] : "";
    switch (name) {
      case "push" -> tell(waybill.push(first, arguments[1]));
      case "send" -> tell(waybill.send(with(Push.toId(first, arguments[1]), arguments)));
      case "bytes" ->
          tell(waybill.send(Push.toId(first, Base64.getDecoder().decode(arguments[1]))));
      case "topic" -> tell(waybill.send(with(Push.toTopic(first, arguments[1]), arguments)));
      case "everyone" -> tell(waybill.send(Push.toEveryone(first)));
      case "batch" -> waybill.sendAll(List.of(
          Push.toId(first, "to \"an\" id\n\\\u0001").receipt(ReceiptLevel.WRITTEN),
          Push.toTopic("news", "to a topic").receipt(ReceiptLevel.WRITTEN),
          Push.toId("nobody", "x").receipt(ReceiptLevel.WRITTEN),
          Push.toId("away", "kept").ttl(Duration.ofMinutes(1)).receipt(ReceiptLevel.WRITTEN),
          Push.toEveryone("to everyone").receipt(ReceiptLevel.WRITTEN))).forEach(Transcript::tell);
      case "presence" -> say("" + waybill.presence(first));
      case "kick" -> say("" + waybill.kick(first));
      case "token" -> say(Waybill.token(first, arguments[1], Duration.ofMinutes(1),
          Map.of("topics", List.of("news"))));
      default -> throw new IllegalArgumentException(name);
    }
  }

  /** Sets options: {@code receipt=…} and {@code key=…}, and numbers and texts. */
  private static Push with(Push push, String[] arguments) {
    for (String argument : List.of(arguments).subList(2, arguments.length)) {
      String[] option = argument.split("=", 2);
      switch (option[0]) {
        case "receipt" -> push.receipt(ReceiptLevel.valueOf(option[1].toUpperCase()));
        case "key" -> push.key(option[1]);
        case "wait" -> push.within(Duration.parse(option[1]));
        case "ttl" -> push.ttl(Duration.parse(option[1]));
        default -> push.option(option[0], option[1]);
      }
    }
    return push;
  }

  private static void tell(Receipt receipt) {
    StringBuilder line = new StringBuilder("" + receipt.status());
    for (String name : COUNTS)
      if (receipt.count(name) > 0) line.append(" " + name + "=" + receipt.count(name));
    if (Boolean.TRUE.equals(receipt.answer().get("kept"))) line.append(" kept");
    say(line.toString());
  }

  /** Listens to an id and to the topic news, until a kick. "throw" throws the first time. */
  private static void listen(List<String> bases, String token, String[] arguments)
      throws InterruptedException {
    CountDownLatch end = new CountDownLatch(1);
    WaybillClient.Handler handler = new WaybillClient.Handler() {
      private boolean hasThrown;

      @Override public void onOpen(String greeting) {
        say("open: " + greeting);
      }

      @Override public void onMessage(WaybillClient.Message message) {
        boolean throwsNow = "throw".equals(message.text()) && !hasThrown;
        hasThrown |= throwsNow;
        say((throwsNow ? "throws: " : "message: ") + (message.bytes() == null ? message.text()
            : "bytes " + Arrays.toString(message.bytes()))
            + (message.kept() ? " kept" : "")
            + (message.topic() == null ? "" : " " + message.topic())
            + (message.push() == null ? " unnamed" : ""));
        if (throwsNow) throw new IllegalStateException("as the test asks");
      }

      @Override public void onClose(int code, String reason, boolean again) {
        say("close: " + code + " " + again + " " + reason);
        if (!again) end.countDown();
      }
    };
    WaybillClient client = new WaybillClient(bases, arguments[0], List.of("news"),
        token == null ? null : () -> token, handler, Duration.parse(arguments[1]),
        HttpClient.newHttpClient());
    end.await();
    client.close();
  }

  private static synchronized void say(String line) {
    System.out.println(line);
  }
}
