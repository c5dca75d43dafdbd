// The client against connections and a clock that are made up: node --test client.test.mjs
import assert from "node:assert";
import { beforeEach, test } from "node:test";
import { EventSource, WebSocket, connections, latest, pass } from "./fake_network.mjs";
import { Waybill } from "../../app/js/waybill.js";

const OPTIONS = { WebSocket, EventSource, minDelay: 100, maxDelay: 1000 };
let seen;

function start(options) {
  const client = new Waybill("http://node", "456", { ...OPTIONS, ...options });
  client.addEventListener("message", ({ data }) => seen.push(data));
  client.addEventListener("close", ({ code, reason }) => seen.push(`${code} ${reason}`));
  return client;
}

const envelope = (data, fields) => JSON.stringify({ ...fields, data });

/** Fails WebSockets until the client stays at its event stream. */
async function fallBack() {
  for (let i = 0; i < 2; ++i) {
    await latest().end();
    await pass(1000);
  }
  assert(latest() instanceof EventSource);
  await latest().write("hello", "", "0");
  assert(latest() instanceof WebSocket);
  await latest().end();
  await pass(1000);
  assert(latest() instanceof EventSource);
}

beforeEach(() => {
  seen = [];
  connections.length = 0;
});

test("two WebSockets that fail are followed by an event stream", async () => {
  const client = start({ topics: ["a&b"], token: () => "x=y" });
  await pass(0);
  assert.equal(latest().url, "ws://node/websocket/456?topics=a%26b&via=first");
  assert.deepEqual(latest().protocols, ["waybill.v1", "bearer.x=y"]);
  await fallBack();
  assert.equal(connections.length, 5);
  assert.equal(latest().url, "http://node/events/456?topics=a%26b&via=fallback&after=0"
    + "&protocol=waybill.v1&token=x%3Dy");
  await latest().tell("open");
  assert.equal(client.state, "connecting");
  await latest().write("hello", "hi", "0");
  assert.equal(client.state, "open");
  assert.equal(client.send("x"), false);
  await latest().write("push", envelope("a", { push: "p1", kept: true }), "5-0");
  assert.deepEqual(seen.slice(3), ["a"]);
  client.close();
});

test("each event stream is followed by one WebSocket", async () => {
  const client = start();
  await fallBack();
  await latest().write("hello", "", "0");
  await latest().write("push", envelope("a"), "5-0");
  await latest().write("close", '{"code":1001,"reason":"lifetime"}');
  assert.equal(seen.at(-1), "1001 lifetime");
  await pass(1000);
  assert(latest() instanceof WebSocket);
  await latest().end();
  await pass(1000);
  assert(latest().url.includes("&after=5-0&"));
  await latest().tell("error");
  await pass(1000);
  assert.equal(latest().url, "ws://node/websocket/456?topics=&via=reconnect");
  await latest().write("hello");
  await latest().end();
  await pass(1000);
  assert(latest() instanceof WebSocket);
  client.close();
});

test("a client whose node was away comes back by WebSocket", async () => {
  const client = start();
  for (const type of [WebSocket, WebSocket, EventSource, WebSocket]) {
    assert(latest() instanceof type);
    await latest().tell(type === WebSocket ? "close" : "error", { code: 1006, reason: "" });
    await pass(2000);
  }
  assert(latest() instanceof EventSource);
  await latest().write("hello", "", "0");
  assert(connections.at(-2).isClosed);
  assert(latest() instanceof WebSocket);
  assert.equal(client.state, "connecting");
  await latest().write("hello");
  assert.equal(client.state, "open");
  client.close();
});

test("without an EventSource there is no fallback", async () => {
  const client = start({ EventSource: null });
  for (let i = 0; i < 5; ++i) {
    assert(latest() instanceof WebSocket);
    await latest().end();
    await pass(1e4);
  }
  client.close();
});

for (const code of [4500, 4501])
  test(`a client stays away after ${code} on an event stream`, async () => {
    const client = start();
    await fallBack();
    await latest().write("hello", "", "0");
    await latest().write("close", JSON.stringify({ code, reason: "why" }));
    assert.equal(client.state, "closed");
    assert.equal(seen.at(-1), `${code} why`);
  });

test("a silent WebSocket is dead after one and a half beats", async () => {
  const client = start({ heartbeat: 1000 });
  await latest().write("hello");
  for (let i = 0; i < 5; ++i) {
    await pass(1000);
    assert.deepEqual(latest().sent.splice(0), ["ping"]);
    await latest().write("pong");
  }
  await pass(1499);
  assert.deepEqual(seen, []);
  await pass(1);
  assert.deepEqual(seen, ["0 no heartbeat"]);
  assert(latest().isClosed);
  await pass(1000);
  assert.equal(connections.length, 2);
  client.close();
});

test("whatever comes is a sign of life", async () => {
  const client = start({ heartbeat: 1000, ping: "a", pong: "b" });
  await latest().write("hello");
  for (let i = 0; i < 10; ++i) {
    await pass(400);
    await latest().write(envelope(""));
  }
  assert.deepEqual(latest().sent, []);
  await pass(1000);
  assert.deepEqual(latest().sent, ["a"]);
  client.close();
});

test("a client without heartbeats waits", async () => {
  const client = start();
  await latest().write("hello");
  await pass(1e9);
  assert.deepEqual(seen, []);
  assert.deepEqual(latest().sent, []);
  client.close();
});

test("a kept push that comes again is dropped", async () => {
  const client = start();
  const push = name => latest().write(envelope(name, { push: name, kept: true }));
  await latest().write("hello");
  await push("1");
  await latest().write(envelope("live", { push: "2" }));
  await latest().end(1001, "");
  await pass(1000);
  await latest().write("hello");
  for (const name of ["1", "3"]) await push(name);
  assert.deepEqual(seen, ["1", "live", "1001 ", "3"]);
  // The memory has an end.
  for (let i = 0; i < 1000; ++i) await push(`p${i}`);
  await push("p0");
  assert.equal(seen.length, 1004);
  await push("1");
  assert.equal(seen.at(-1), "1");
  client.close();
});

test("a message tells what is known of a push", async () => {
  const client = start();
  const messages = [];
  client.addEventListener("message", ({ data, push, kept, topic }) =>
    messages.push([data, push, kept, topic]));
  await latest().write("hello");
  const bytes = new Uint8Array([0, 255]).buffer;
  await latest().write('{"push":"1","kept":true,"data":"{\\"data\\":1}"}');
  await latest().write('{"push":"2","topic":"news","base64":"AP8="}');
  await latest().write('{"data":""}');
  await latest().write("an echo");
  await latest().write(bytes);
  assert.deepEqual(messages, [
    ['{"data":1}', "1", true, undefined], [bytes, "2", undefined, "news"],
    ["", undefined, undefined, undefined], ["an echo", undefined, undefined, undefined],
    [bytes, undefined, undefined, undefined]]);
  client.close();
});

test("a node tells when to come back", async () => {
  const client = start();
  await latest().write("hello");
  await latest().end(1001, "the node is stopping; retry=7.3");
  await pass(7299);
  assert.equal(connections.length, 1);
  await pass(1);
  assert.equal(connections.length, 2);
  client.close();
});

test("a client that is ready has been greeted", async () => {
  const client = start();
  let greeting;
  client.ready.then(event => greeting = event.greeting);
  await latest().end();
  await pass(1000);
  assert.equal(greeting, undefined);
  await latest().write("hi");
  assert.equal(greeting, "hi");
  client.close();
  await client.ready;
});

test("a client that is closed is never ready", async () => {
  const client = start();
  client.close();
  await assert.rejects(client.ready, /closed/);
});

test("a signal closes a client", async () => {
  const controller = new AbortController();
  const client = start({ signal: controller.signal });
  await latest().write("hello");
  controller.abort();
  assert.equal(client.state, "closed");
  assert(latest().isClosed);
  assert.equal(start({ signal: controller.signal }).state, "closed");
  assert.equal(connections.length, 1);
});

test("a client that is closed while it waits for a token stays closed", async () => {
  let give;
  const client = start({ token: () => new Promise(resolve => give = resolve) });
  client.close();
  give("x");
  await pass(0);
  assert.equal(connections.length, 0);
});

test("a client comes back at once if it is told to", async () => {
  const client = start();
  await latest().write("hello");
  client.reconnect();
  assert.equal(connections.length, 2);
  assert(connections[0].isClosed);
  assert.equal(client.state, "connecting");
  await latest().end();
  client.reconnect();
  assert.equal(connections.length, 3);
  client.close();
  client.reconnect();
  assert.equal(connections.length, 3);
});

test("a loop gets each message until the end", async () => {
  const client = start();
  const found = [];
  const loop = async () => {
    for await (const { data } of client) {
      found.push(data);
      // Others come meanwhile.
      if (data === "a") await pass(0);
    }
  };
  const first = loop();
  await latest().write("hello");
  for (const text of ["a", "b"]) latest().write(envelope(text));
  await pass(0);
  await latest().end();
  await pass(1000);
  await latest().write("hello");
  const second = loop();
  for (const text of ["c", "d"]) latest().write(envelope(text));
  client.close();
  await Promise.all([first, second]);
  assert.deepEqual(found.toSorted?.() ?? found.sort(), ["a", "b", "c", "c", "d", "d"]);
  await loop();
});
