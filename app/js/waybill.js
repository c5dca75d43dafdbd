// See docs/guide/javascript.md.

const DEFAULTS = {
  greeting: true, ping: "ping", pong: "pong", minDelay: 500, maxDelay: 3e4,
  timeout: 2e4, WebSocket: globalThis.WebSocket, EventSource: globalThis.EventSource,
};

const isOnline = () => globalThis.navigator?.onLine !== false;

function urlOf(base, id, topics) {
  const url = new URL(base, globalThis.location?.href);
  url.protocol = url.protocol.replace("http", "ws");
  if (!/^wss?:$/.test(url.protocol)) throw TypeError(`${base} is not for WebSockets`);
  url.pathname = url.pathname.replace(/\/*$/, `/websocket/${encodeURIComponent(id)}`);
  url.search = `?topics=${encodeURIComponent(topics ?? "")}&via=`;
  return url.href;
}

function emit(my, type, fields) {
  const event = Object.assign(new Event(type), fields);
  const { resolve } = my;
  my.link = new Promise(resolve => my.resolve = resolve);
  resolve?.({ event, link: my.link });
  my.client.dispatchEvent(event);
}

function turn(my, state) {
  if (my.state === state) return;
  my.client.state = my.state = state;
  emit(my, "state", { state });
}

function drop(my) {
  ++my.attempt;
  clearTimeout(my.timer);
  my.socket?.close();
}

async function connect(my) {
  drop(my);
  if (!isOnline()) return turn(my, "offline");
  const { attempt } = my;
  my.timer = setTimeout(() => end(my, 0, "no greeting"), my.timeout);
  turn(my, "connecting");
  try {
    const bearer = my.token ? await my.token() : "";
    if (attempt !== my.attempt) return;
    const url = my.urls[my.next++ % my.urls.length];
    const falls = my.EventSource && my.refused > 1;
    // Each stream is followed by a WebSocket.
    my.refused = falls ? 1 : my.refused + 1;
    my.socket = falls
      ? new my.EventSource(`${url.replace(/^ws(.*)websocket/, "http$1events")}fallback&after=`
        + `${my.position}&protocol=waybill.v1&token=${encodeURIComponent(bearer)}`)
      : new my.WebSocket(url + (my.greetedAt ? "reconnect" : "first"),
        ["waybill.v1"].concat(bearer ? `bearer.${bearer}` : []));
    my.socket.binaryType = "arraybuffer";
    for (const type of ["open", "hello", "message", "push", "close", "error"])
      my.socket.addEventListener(type, event => attempt === my.attempt && take(my, event));
  } catch (error) {
    if (attempt === my.attempt) end(my, 0, `${error}`);
  }
}

function take(my, { type, data: text = "", lastEventId, code, reason, message = "" }) {
  if (type === "error") return end(my, 1006, message);
  if (type === "close" && text) ({ code, reason } = JSON.parse(text));
  if (type === "close") return end(my, code, reason);
  if (type === "open" && (my.greeting || !my.socket.send)) return;
  my.silence = 0;
  my.position = lastEventId || my.position;
  if (my.state !== "open") return open(my, text);
  const { push, kept, topic, base64,
    data = Uint8Array.from(atob(base64), x => x.charCodeAt()).buffer,
  } = /^{"(push|kept|topic|data|base64)":/.test(text) ? JSON.parse(text) : { data: text };
  if (text === my.pong || kept && my.names.includes(push)) return;
  if (kept) my.names = [push, ...my.names].slice(0, 1e3);
  emit(my, "message", { data, push, kept, topic });
}

function open(my, greeting) {
  const sends = my.socket.send;
  // The node is there, so a WebSocket may work, too.
  if (!sends && !my.probed++) return connect(my);
  if (sends) my.refused = my.probed = 0;
  my.greetedAt = performance.now();
  clearTimeout(my.timer);
  if (sends && my.heartbeat) my.timer = setInterval(() => {
    if (++my.silence > 2) end(my, 0, "no heartbeat");
    else if (my.silence > 1) my.socket.send(my.ping);
  }, my.heartbeat / 2);
  turn(my, "open");
  emit(my, "open", { greeting });
}

function end(my, code, reason) {
  // To be greeted and cut off at once is no success.
  if (my.state === "open" && performance.now() - my.greetedAt > my.maxDelay) my.failures = 0;
  drop(my);
  const again = code < 4500 || code > 4999;
  if (!again) my.client.close();
  else if (!isOnline()) turn(my, "offline");
  else {
    const grown = my.minDelay * 2 ** my.failures++;
    const most = [1008, 1011, 1013].includes(code) ? Infinity : grown;
    const told = /retry=([\d.]+)/.exec(reason);
    const delay = told ? told[1] * 1e3 : Math.random() * Math.min(most, my.maxDelay);
    my.timer = setTimeout(connect, delay, my);
    turn(my, "waiting");
  }
  emit(my, "close", { code, reason, again });
}

function wake(my, type) {
  const rests = /wait|off/.test(my.state);
  // A dead connection may never report its end.
  if (type === "offline" && !rests) end(my, 0, "offline");
  else if (rests && (type !== "visibilitychange" || !document.hidden)) connect(my);
}

export class Waybill extends EventTarget {
  #my;

  constructor(base, id, options) {
    super();
    const my = this.#my = {
      ...DEFAULTS, ...options, client: this, attempt: 0, failures: 0, refused: 0, probed: 0,
      position: "", names: [], ending: new AbortController(),
    };
    if (!my.WebSocket) throw TypeError("pass a WebSocket");
    my.urls = [base].flat().map(base => urlOf(base, id, my.topics));
    my.next = Math.random() * my.urls.length | 0;
    for (const type of ["online", "offline", "visibilitychange"])
      globalThis.addEventListener?.(type, () => wake(my, type), my.ending);
    my.signal?.addEventListener("abort", () => this.close(), my.ending);
    this.ready = new Promise((resolve, reject) => {
      this.addEventListener("open", resolve);
      my.ending.signal.onabort = () => reject(Error("closed"));
    });
    this.ready.catch(() => {});
    my.signal?.aborted ? this.close() : connect(my);
  }

  send(data) {
    const { state, socket } = this.#my;
    if (state !== "open" || socket.readyState !== 1 || !socket.send) return false;
    socket.send(data);
    return true;
  }

  reconnect() {
    if (this.state !== "closed") connect(this.#my);
  }

  close() {
    drop(this.#my);
    turn(this.#my, "closed");
    this.#my.ending.abort();
  }

  async *[Symbol.asyncIterator]() {
    let { link, state } = this.#my;
    for (let event; state !== "closed"; { state } = event) {
      ({ event, link } = await link);
      if (event.type === "message") yield event;
    }
  }
}
