// What all parts of the console need: elements, and answers of the node.

import { count, toClock } from "./format.js";

export { count };

const KEY = "waybill-key";

// After how many milliseconds a node that is asked again and again counts as silent.
export const TIMEOUT = 5000;

// The page may stand behind the prefix of a proxy.
const BASE = new URL(".", location.href);

export const find = selector => document.querySelector(selector);

export function make(tag, text = "", className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  return element;
}

// Screen readers read aloud what is written, even if it is the same as before.
export function say(element, text, state = "") {
  if (element.textContent !== text) element.textContent = text;
  element.dataset.state = state;
}

export function makeTime(at) {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  const day = today ? "" : `${date.toLocaleDateString("en-CA")} `;
  const time = make("time", `${day}${toClock(date)}`);
  time.dateTime = at;
  return time;
}

// Since 1970, by a clock that nobody sets.
export const seconds = () => (performance.timeOrigin + performance.now()) / 1000;

export const key = () => sessionStorage.getItem(KEY) ?? "";

export function setKey(text) {
  if (/[^\x21-\x7e]/.test(text)) throw new Error("A key has visible ASCII characters only.");
  if (text) sessionStorage.setItem(KEY, text);
  else sessionStorage.removeItem(KEY);
  document.dispatchEvent(new Event("key"));
}

// A browser takes these out of a path, even if they are percent-encoded.
export function segment(name) {
  if (/^\.\.?$/.test(name)) throw new Error(`No browser can ask for the name “${name}”.`);
  return encodeURIComponent(name);
}

export function websocketBase() {
  const url = new URL(BASE);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

// Returns the status, the text and, if it is that, the JSON of an answer, and the
// milliseconds that it took.
export async function ask(method, path, { body, timeout } = {}) {
  const begin = performance.now();
  const response = await fetch(new URL(path, BASE), {
    method, body, cache: "no-store",
    headers: key() ? { Authorization: `Bearer ${key()}` } : {},
    signal: timeout && AbortSignal.timeout(timeout),
  });
  const text = await response.text();
  return { status: response.status, text, json: parse(text), took: performance.now() - begin };
}

// What was answered to a key that may not see figures, until there is another.
let refused = null;
document.addEventListener("key", () => refused = null);

// Asks for figures, again and again.
export async function askFigures(path) {
  if (refused) return refused;
  const used = key();
  const answer = await ask("GET", path, { timeout: TIMEOUT });
  // Without a key each request would be counted as refused, too.
  if ((answer.status === 401 || answer.status === 403) && used === key()) {
    refused = answer;
    document.dispatchEvent(new Event("refused"));
  }
  return answer;
}

const sentence = text => `${text[0].toUpperCase()}${text.slice(1)}.`;

// Returns what is wrong, in words for people.
export function explain({ status, json }) {
  const message = json?.message ? sentence(json.message) : `The answer is HTTP ${status}.`;
  if (status !== 401) return message;
  return key() ? "The node does not know this API key: correct it above."
    : `${message} Enter an API key above.`;
}

export function explainError(error) {
  if (error.name === "TimeoutError") return "The node does not answer.";
  // What fetch throws.
  if (error instanceof TypeError) return "The node cannot be reached.";
  return error.message;
}
