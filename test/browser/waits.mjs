// Prints how long a client waits after each of some connections, in milliseconds, and in
// which state it is in the end. Each connection is [close code, how long it was open], or
// [close code] if it never was.
//
//   node waits.mjs RANDOM CONNECTIONS
import { Waybill } from "../../app/js/waybill.js";

const [random, connections] = process.argv.slice(2).map(JSON.parse);
const TIMEOUT = 1e6;
const waits = [];
let now = 0;

Math.random = () => random;
Object.defineProperty(globalThis, "performance", { value: { now: () => now } });
globalThis.setTimeout = (connect, delay) => {
  if (delay === TIMEOUT) return;
  waits.push(delay);
  if (connections.length) queueMicrotask(connect);
};

class Ending {
  constructor() {
    const [code, time] = connections.shift();
    queueMicrotask(() => {
      if (time !== undefined) this.onmessage({ data: "greeting" });
      now += time ?? 1e6;
      this.onclose({ code, reason: "" });
    });
  }

  close() {}
}

const waybill = new Waybill("ws://nowhere", "456", { WebSocket: Ending, timeout: TIMEOUT });
process.on("exit", () => console.log(JSON.stringify({ waits, state: waybill.state })));
