// Follows an id in Node until SIGTERM, after which nothing may keep Node running.
//
//   node follow.mjs ws|own BASE ID OPTIONS
import { createRequire } from "node:module";
import { follow } from "./transcript.mjs";

const [sort, base, id, options] = process.argv.slice(2);
const given = JSON.parse(options);
// Where Debian keeps it, other builds of Node do not look.
if (sort === "ws") given.WebSocket = createRequire(import.meta.url)("/usr/share/nodejs/ws");
const waybill = follow(console.log, JSON.parse(base), id, given);
process.on("SIGTERM", () => waybill.close());
