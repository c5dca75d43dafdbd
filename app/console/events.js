// Lists what happened: the last lines of the node's log, and what this page has seen.

import { find, make, makeTime } from "./common.js";
import { lateness } from "./history.js";

const MOST_LINES = 200;
const REDIS_AWAY = "WB-204";
const STATES = { warning: "warn", warn: "warn", error: "bad", critical: "bad" };

const list = find("#events ol");

// The lines by their text. A node that starts again has forgotten those that are known here.
const lines = new Map();

// The log is told in its order, also within a millisecond.
const newest = () => [...lines.values()].reverse()
  .sort((x, y) => Date.parse(y.time) - Date.parse(x.time));

function makeLine({ time, level, code = "", message }) {
  const item = make("li");
  item.dataset.state = STATES[level] ?? "";
  item.append(makeTime(time), " ", make("span", level, "kind"), " ", make("code", code), " ",
              make("span", message, "message"));
  return item;
}

function add(more) {
  const before = lines.size;
  more.forEach(line => lines.set(JSON.stringify(line), line));
  if (lines.size === before) return;
  const last = newest();
  last.splice(MOST_LINES).forEach(line => lines.delete(JSON.stringify(line)));
  list.replaceChildren(...last.map(makeLine));
  find("#events").hidden = false;
  find("#events-note").textContent = "";
}

// Adds what this page has seen.
export function note(level, code, message) {
  add([{ time: new Date().toISOString(), level, code, message }]);
}

// Returns when the node has lost Redis, in seconds by the clock of this page, if its log tells.
export function outageStart() {
  const line = newest().find(({ code }) => code === REDIS_AWAY);
  return line ? Date.parse(line.time) / 1000 + lateness : null;
}

export function start() {
  document.addEventListener("history", ({ detail }) => add(detail));
}
