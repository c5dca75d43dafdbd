// Prints how long a client waits after each of some connections, in milliseconds, and in
// which state it is in the end. Each connection is [close code, how long it was open, reason],
// or [close code] if it never was.
//
//   node waits.mjs RANDOM CONNECTIONS
import { Waybill } from "../../app/js/waybill.js";

const [random, connections] = process.argv.slice(2).map(JSON.parse);
const TIMEOUT = 1e6;
const waits = [];
let now = 0;

Math.random = () => random;
Object.defineProperty(globalThis, "performance", { value: { now: () => now } });
globalThis.setTimeout = (connect, delay, ...rest) => {
  if (delay === TIMEOUT) return;
  waits.push(delay);
  if (connections.length) queueMicrotask(() => connect(...rest));
};

class Ending extends EventTarget {
  constructor() {
    super();
    const [code, time, reason = ""] = connections.shift();
    const tell = (type, fields) => this.dispatchEvent(Object.assign(new Event(type), fields));
    queueMicrotask(() => {
      if (time !== undefined) tell("message", { data: "greeting" });
      now += time ?? 1e6;
      tell("close", { code, reason });
    });
  }

  send() {}

  close() {}
}

const waybill = new Waybill("ws://nowhere", "456", { WebSocket: Ending, timeout: TIMEOUT });
process.on("exit", () => console.log(JSON.stringify({ waits, state: waybill.state })));
