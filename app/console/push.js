// Pushes a message, and tells what became of it.

import { ask, count, explain, explainError, find, say, segment } from "./common.js";
import { confirm } from "./dialog.js";
import { offer } from "./link.js";

const to = find("#push-to");
const name = find("#push-name");
const ttl = find("#push-ttl");
const note = find("#push-note");
const json = find("#push-answer");
const copy = find("#push-copy");

// Counts pushes: only what became of the last one is told.
let latest = 0;

// Tells how far a push came, for what is known of that.
function tellCounts({ nodes, sessions, written, received, dropped, unknown }) {
  const told = [];
  const come = received === undefined ? `Written to ${written}` : `Received by ${received}`;
  if (sessions) told.push(`${come} of ${count(sessions, "session")}.`);
  if (nodes) told.push(`${count(nodes, "node")} ${nodes === 1 ? "holds" : "hold"} it.`);
  if (dropped) told.push(`${count(dropped, "session")} dropped it: their clients read too slowly.`);
  if (unknown) told.push(`${count(unknown, "node")} did not say.`);
  return told.join(" ");
}

function tell(answer) {
  const counts = tellCounts(answer.json ?? {});
  if (answer.status === 200) return counts;
  if (answer.status === 202) return `Kept for the id, until a client has confirmed it. ${counts}`.trim();
  return `${explain(answer)} ${counts}`.trim();
}

function target() {
  const query = new URLSearchParams({ receipt: find("#push-receipt").value,
                                      wait: find("#push-wait").value });
  if (to.value === "socket" && ttl.value !== "0") query.set("ttl", ttl.value);
  const path = to.value === "broadcast" ? to.value : `${to.value}/${segment(name.value)}`;
  return `${path}?${query}`;
}

async function push() {
  const mine = ++latest;
  // Nodes trace pushes to ids.
  const id = to.value === "socket" ? name.value : "";
  offer(copy, null);
  say(note, "Waiting for the answer…");
  const answer = await ask("POST", target(), { body: find("#push-message").value });
  if (mine !== latest) return;
  const state = answer.status < 300 ? "good" : "bad";
  say(note, `${answer.status} after ${Math.round(answer.took)} ms. ${tell(answer)}`, state);
  if (id && answer.json?.push) offer(copy, { push: answer.json.push, id });
  json.hidden = false;
  json.textContent = answer.json ? JSON.stringify(answer.json, null, 2) : answer.text;
}

async function submit() {
  if (to.value !== "broadcast" || await confirm(
    "Push this to everyone?", "All clients of the whole cluster receive it.", "Push to everyone"))
    await push();
}

function fail(error) {
  json.hidden = true;
  say(note, explainError(error), "bad");
}

function fit() {
  name.disabled = to.value === "broadcast";
  ttl.disabled = to.value !== "socket";
}

export function start() {
  to.addEventListener("change", fit);
  fit();
  find("#push-form").addEventListener("submit", event => {
    event.preventDefault();
    submit().catch(fail);
  });
  find("#push-message").addEventListener("keydown", event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) find("#push-form").requestSubmit();
  });
}
