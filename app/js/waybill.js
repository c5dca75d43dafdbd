// A client of Waybill for browsers and Node that comes back by itself. Nothing needs it:
// any WebSocket does. See docs/guide/javascript.md.

const WAKING = ["online", "offline", "visibilitychange"];

// After these a node wants to be left alone for a while.
const LATER = [1008, 1011, 1013];

const isOnline = () => globalThis.navigator?.onLine !== false;

function urlOf(base, id, topics) {
  const url = new URL(base, globalThis.location?.href);
  url.protocol = url.protocol.replace("http", "ws");
  if (!/^wss?:$/.test(url.protocol)) throw new TypeError(`${base} is not for WebSockets`);
  url.pathname = url.pathname.replace(/\/*$/, `/websocket/${encodeURIComponent(id)}`);
  if (topics.length) url.search = `?topics=${encodeURIComponent(topics.join())}`;
  return url.href;
}

export class Waybill extends EventTarget {
  #options;
  #urls;
  #next;
  #state = "connecting";
  #socket;
  #timer;
  // Counts attempts to connect: what an older one brings is dropped.
  #attempt = 0;
  #failures = 0;
  // When the greeting came, in milliseconds.
  #greetedAt;

  constructor(base, id, {
    topics = [], token, greeting = true, minDelay = 500, maxDelay = 30_000, timeout = 20_000,
    WebSocket = globalThis.WebSocket,
  } = {}) {
    super();
    if (!WebSocket) throw new TypeError("there is no WebSocket here: give one");
    this.#options = { token, greeting, minDelay, maxDelay, timeout, WebSocket };
    this.#urls = [base].flat().map(each => urlOf(each, id, topics));
    // The clients of several nodes are to spread over them.
    this.#next = Math.floor(Math.random() * this.#urls.length);
    for (const type of WAKING) globalThis.addEventListener?.(type, this.#wake);
    this.#connect();
  }

  get state() {
    return this.#state;
  }

  send(data) {
    if (this.#state !== "open" || this.#socket.readyState !== 1) return false;
    this.#socket.send(data);
    return true;
  }

  close() {
    for (const type of WAKING) globalThis.removeEventListener?.(type, this.#wake);
    this.#drop();
    this.#turn("closed");
  }

  async #connect() {
    this.#drop();
    if (!isOnline()) return this.#turn("offline");
    const { token, greeting, timeout, WebSocket } = this.#options;
    const attempt = this.#attempt;
    this.#greetedAt = Infinity;
    this.#timer = setTimeout(() => this.#ended(0, "no greeting in time"), timeout);
    this.#turn("connecting");
    try {
      const protocols = token ? ["waybill", `bearer.${await token()}`] : [];
      if (attempt !== this.#attempt) return;
      const url = this.#urls[this.#next++ % this.#urls.length];
      const socket = this.#socket = new WebSocket(url, protocols);
      socket.binaryType = "arraybuffer";
      socket.onopen = () => greeting || this.#greeted("");
      socket.onmessage = ({ data }) =>
        this.#state === "open" ? this.#emit("message", { data }) : this.#greeted(data);
      socket.onclose = ({ code, reason }) => this.#ended(code, reason);
      // Node's own, if it cannot connect, does not tell its end.
      socket.onerror = ({ message = "" }) => this.#ended(1006, message);
    } catch (error) {
      if (attempt === this.#attempt) this.#ended(0, String(error));
    }
  }

  #greeted(greeting) {
    clearTimeout(this.#timer);
    this.#greetedAt = performance.now();
    this.#turn("open");
    this.#emit("open", { greeting });
  }

  #ended(code, reason) {
    this.#drop();
    const again = code < 4500 || code > 4999;
    if (again) this.#wait(code);
    else this.close();
    this.#emit("close", { code, reason, again });
  }

  #wait(code) {
    const { minDelay, maxDelay } = this.#options;
    // To be greeted and cut off at once, again and again, is no success.
    if (performance.now() - this.#greetedAt > maxDelay) this.#failures = 0;
    const grown = Math.min(maxDelay, minDelay * 2 ** this.#failures++);
    if (!isOnline()) return this.#turn("offline");
    const most = LATER.includes(code) ? maxDelay : grown;
    this.#timer = setTimeout(() => this.#connect(), Math.random() * most);
    this.#turn("waiting");
  }

  #wake = ({ type }) => {
    const rests = this.#state === "waiting" || this.#state === "offline";
    const hides = type === "visibilitychange" && document.visibilityState === "hidden";
    // A connection whose network is gone may never say that it is dead.
    if (type === "offline" && !rests) this.#ended(0, "offline");
    else if (rests && !hides) this.#connect();
  };

  #drop() {
    ++this.#attempt;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = socket.onopen = socket.onmessage = socket.onclose = null;
    // Node's package ws throws what nobody listens to.
    socket.onerror = () => {};
    socket.close();
  }

  #turn(state) {
    if (this.#state === state) return;
    this.#state = state;
    this.#emit("state");
  }

  #emit(type, fields) {
    this.dispatchEvent(Object.assign(new Event(type), fields));
  }
}
