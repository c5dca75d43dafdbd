// What many build first, for compare.py to measure Waybill beside: each node has a map of
// its sessions, and reads all of one channel. docs/guide/from-spring.md has it in Java.
//
//   node router.mjs REDIS_PORT
import { createServer } from "node:http";
import { Redis } from "ioredis";
import { WebSocketServer } from "ws";

const channel = "router";
const [publisher, subscriber] = [1, 2].map(() => new Redis(Number(process.argv[2]), "127.0.0.1"));
const sessions = new Map();

const idIn = (url, folder) =>
  url.startsWith(folder) ? decodeURIComponent(url.slice(folder.length)) : "";

const server = createServer((request, response) => {
  const id = idIn(request.url, "/socket/");
  if (request.method !== "POST" || !id) return response.writeHead(404).end();
  const parts = [];
  request.on("data", part => parts.push(part));
  request.on("end", async () => {
    const message = { KEY: id, VALUE: Buffer.concat(parts).toString() };
    const nodes = await publisher.publish(channel, JSON.stringify(message));
    response.setHeader("Content-Type", "application/json").end(JSON.stringify({ nodes }));
  });
});

const everyone = new WebSocketServer({ server });
everyone.on("connection", (socket, request) => {
  const id = idIn(request.url, "/websocket/");
  if (!id) return socket.close(1008);
  const same = sessions.get(id) ?? new Set();
  sessions.set(id, same.add(socket));
  socket.on("error", console.error);
  socket.on("close", () => {
    same.delete(socket);
    if (!same.size) sessions.delete(id);
  });
  socket.send("连接成功!");
});

subscriber.on("message", (_, text) => {
  const { KEY, VALUE } = JSON.parse(text);
  // The id "all" stands for everyone.
  for (const socket of KEY === "all" ? everyone.clients : sessions.get(KEY) ?? [])
    socket.send(VALUE);
});
await subscriber.subscribe(channel);

process.on("SIGTERM", () => process.exit());
server.listen(0, "127.0.0.1", () => console.log(`ready: ${server.address().port}`));
