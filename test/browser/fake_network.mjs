// A clock and connections that a test moves by hand.
const timers = new Map();
let now = 1;
let last = 0;

// The connections that were opened, the oldest first.
export const connections = [];

/** Lets pending promises go on. */
const settle = () => new Promise(setImmediate);

function begin(handler, delay, every, rest) {
  timers.set(++last, { at: now + delay, every, run: () => handler(...rest) });
  return last;
}

Object.defineProperty(globalThis, "performance", { value: { now: () => now } });
globalThis.setTimeout = (handler, delay, ...rest) => begin(handler, delay, 0, rest);
globalThis.setInterval = (handler, delay, ...rest) => begin(handler, delay, delay, rest);
globalThis.clearTimeout = globalThis.clearInterval = id => timers.delete(id);
Math.random = () => 0.5;

/** Lets time pass, in milliseconds. */
export async function pass(time) {
  const end = now + time;
  for (;;) {
    await settle();
    const [id, timer] = [...timers].sort(([, a], [, b]) => a.at - b.at)[0] ?? [];
    if (!timer || timer.at > end) break;
    now = timer.at;
    if (timer.every) timer.at += timer.every;
    else timers.delete(id);
    timer.run();
  }
  now = end;
}

class Connection extends EventTarget {
  constructor(url, protocols) {
    super();
    Object.assign(this, { url, protocols, readyState: 1, sent: [] });
    connections.push(this);
  }

  async tell(type, fields) {
    if (!this.isClosed) this.dispatchEvent(Object.assign(new Event(type), fields));
    await settle();
  }

  close() {
    this.isClosed = true;
  }
}

export class WebSocket extends Connection {
  send(text) {
    this.sent.push(text);
  }

  /** Sends the client a text. */
  write(text) {
    return this.tell("message", { data: text });
  }

  end(code = 1006, reason = "") {
    return this.tell("close", { code, reason });
  }
}

export class EventSource extends Connection {
  /** Sends the client an event. */
  write(type, data, lastEventId = "") {
    return this.tell(type, { data, lastEventId });
  }
}

/** Returns the newest connection. */
export const latest = () => connections.at(-1);
