// A client to test with: shows what comes over a WebSocket.

import { ask, count, find, make, say, segment, websocketBase } from "./common.js";
import { toClock } from "./format.js";

// More would make the page slow.
const MOST_ENTRIES = 500;
const MOST_CHARACTERS = 4000;
const MOST_BYTES = 64;

const CODES = {
  1000: "closed by this page",
  1001: "the node is stopping: connect again, to another one",
  1002: "the protocol was violated",
  1005: "closed without a code",
  1006: "no WebSocket, or cut off. Nobody listens there, it is the port for admins, the "
    + "handshake was refused (token, origin, limits, a bad name), or the network failed; a "
    + "browser does not say which",
  1007: "a text was not UTF-8",
  1008: "this client sent too much: connect again later",
  1009: "a message was larger than the node takes",
  1011: "the node failed: connect again later",
  1013: "this client read too slowly, its queue was full: connect again later",
  4001: "the token has expired: connect again with a new one",
  4500: "kicked: stay away",
  4501: "replaced by a newer session of its id: stay away",
};

const note = find("#client-note");
const log = find("#client-log");
const entries = find("#client-log ol");
const send = find("#client-send button");

let socket = null;

function add(kind, text, size) {
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
  const entry = make("li", "", kind);
  entry.append(make("time", toClock(new Date())), make("span", kind, "kind"),
               make("span", size === undefined ? "" : `${size} B`, "size"), make("code", text));
  entries.append(entry);
  if (entries.childElementCount > MOST_ENTRIES) entries.firstElementChild.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

function shorten(text, most = MOST_CHARACTERS) {
  return text.length > most
    ? `${text.slice(0, most)}… and ${count(text.length - most, "character")} more` : text;
}

function toHex(buffer) {
  const bytes = [...new Uint8Array(buffer, 0, Math.min(buffer.byteLength, MOST_BYTES))];
  const more = buffer.byteLength - bytes.length;
  const hex = bytes.map(byte => byte.toString(16).padStart(2, "0")).join(" ");
  return more ? `${hex} … and ${count(more, "byte")} more` : hex;
}

const sizeOf = text => new TextEncoder().encode(text).length;

function onMessage({ data }) {
  if (typeof data === "string") add("text", shorten(data), sizeOf(data));
  else add("binary", toHex(data), data.byteLength);
}

function turn(open, text, state = "") {
  say(note, text, state);
  find("#client-open").disabled = open;
  find("#client-close").disabled = !open;
  send.disabled = socket?.readyState !== WebSocket.OPEN;
}

function onClose({ code, reason }) {
  socket = null;
  const words = CODES[code] ?? "a code that is not Waybill's";
  add("closed", `${code}${reason && ` “${reason}”`}: ${words}.`);
  turn(false, `Closed with ${code}: ${words}.`, code === 1000 ? "" : "bad");
}

function urlOf(base, id, topics) {
  const url = new URL(base);
  url.protocol = url.protocol.replace("http", "ws");
  url.pathname = url.pathname.replace(/\/*$/, `/websocket/${segment(id)}`);
  url.search = topics && `?topics=${encodeURIComponent(topics)}`;
  url.hash = "";
  return url.href;
}

function connect() {
  const id = find("#client-id").value;
  const token = find("#client-token").value;
  const url = urlOf(find("#client-url").value, id, find("#client-topics").value.trim());
  // A URL would be in logs.
  socket = new WebSocket(url, token ? ["waybill", `bearer.${token}`] : []);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => turn(true, `Connected as ${id}.`, "good"));
  socket.addEventListener("message", onMessage);
  socket.addEventListener("close", onClose);
  add("opening", url);
  turn(true, "Connecting…");
}

// Forgets the URL of this page if its port serves no WebSockets. It is asked as late as somebody
// comes here, since the answer counts as a refused request.
async function checkPort() {
  const url = find("#client-url");
  const { status } = await ask("HEAD", "websocket/_");
  if (status !== 404 || url.value !== websocketBase()) return;
  url.value = "";
  say(note, "This port serves no clients: enter the URL where they connect.");
}

function sendText() {
  const text = find("#client-text").value;
  socket.send(text);
  add("sent", shorten(text), sizeOf(text));
  find("#client-text").value = "";
}

export function start() {
  find("#client-url").value = websocketBase();
  find("#client-form").addEventListener("focusin", () => checkPort().catch(() => {}), { once: true });
  find("#client-form").addEventListener("submit", event => {
    event.preventDefault();
    if (socket) return;
    try {
      connect();
    } catch (error) {
      say(note, error.message, "bad");
    }
  });
  find("#client-close").addEventListener("click", () => socket?.close(1000));
  find("#client-send").addEventListener("submit", event => {
    event.preventDefault();
    if (socket?.readyState === WebSocket.OPEN) sendText();
  });
}
