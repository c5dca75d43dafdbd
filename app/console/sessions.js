// Finds the sessions of an id, and kicks them.

import { ask, count, explain, explainError, find, make, say, segment } from "./common.js";
import { confirm } from "./dialog.js";
import { toAge } from "./format.js";
import { offer } from "./link.js";
import * as mailbox from "./mailbox.js";
import * as trace from "./trace.js";
import * as why from "./why.js";

const note = find("#find-note");
const kick = find("#kick");
const copy = find("#find-copy");

// The id that is shown.
let shown = "";

function toRow({ node, peer, age, queue, transport = "–", topics = [], user_agent: agent = "–" }) {
  const row = make("tr");
  row.append(...[node, peer, toAge(age), `${queue} B`, transport, topics.join(", ") || "–", agent]
    .map(text => make("td", text)));
  return row;
}

function show(id, { online, nodes, sessions = [], unknown = 0 }) {
  const silent = unknown ? ` ${count(unknown, "node")} did not answer.` : "";
  say(note, online ? `Online on ${count(nodes, "node")}.${silent}` : "Offline.");
  find("#find-result").hidden = !sessions.length;
  find("#find-result caption").textContent = `Sessions of ${id}`;
  find("#find-result tbody").replaceChildren(...sessions.map(toRow));
  kick.hidden = !online;
}

function clear() {
  find("#find-result").hidden = true;
  kick.hidden = true;
  mailbox.clear();
  trace.clear();
  why.clear();
}

// Shows an id, and a push of its trace if one is named.
async function look(id, push) {
  shown = id;
  offer(copy, push ? { push, id } : { id });
  const answer = await ask("GET", `socket/${segment(id)}?detail=1&wait=2s`);
  if (shown !== id) return;
  if (answer.status === 200) {
    show(id, answer.json);
    return Promise.all([mailbox.look(id), trace.look(id, push), why.look(id, push)]);
  }
  clear();
  say(note, explain(answer), "bad");
}

async function kickShown() {
  const id = shown;
  if (!await confirm(`Close all sessions of ${id}?`, "They are closed with 4500 in the whole "
    + "cluster, which tells clients to stay away.", "Kick")) return;
  const answer = await ask("DELETE", `socket/${segment(id)}`);
  if (shown !== id) return;
  clear();
  if (answer.status !== 200) return say(note, explain(answer), "bad");
  say(note, `Kicked from ${count(answer.json.nodes, "node")}.`);
  await Promise.all([mailbox.look(id), trace.look(id), why.look(id)]);
}

export function open(id, push) {
  find("#find-id").value = id;
  find("#find-title").scrollIntoView();
  look(id, push).catch(fail);
}

function fail(error) {
  clear();
  say(note, explainError(error), "bad");
}

export function start() {
  find("#find-form").addEventListener("submit", event => {
    event.preventDefault();
    look(find("#find-id").value).catch(fail);
  });
  kick.addEventListener("click", () => kickShown().catch(fail));
}
