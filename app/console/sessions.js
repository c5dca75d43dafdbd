// Finds the sessions of an id, and kicks them.

import { ask, count, explain, explainError, find, make, say, segment } from "./common.js";

const note = find("#find-note");
const kick = find("#kick");
const dialog = find("#kick-dialog");

// The id that is shown.
let shown = "";

function toAge(seconds) {
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]]
    .map(([size, unit], i, all) => [Math.floor(seconds % (all[i - 1]?.[0] ?? Infinity) / size), unit])
    .filter(([value]) => value);
  return parts.slice(0, 2).map(part => part.join(" ")).join(" ") || "0 s";
}

function toRow({ node, peer, age, queue }) {
  const row = make("tr");
  row.append(...[node, peer, toAge(age), `${queue} B`].map(text => make("td", text)));
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
}

async function look(id) {
  shown = id;
  const answer = await ask("GET", `socket/${segment(id)}?detail=1&wait=2s`);
  if (shown !== id) return;
  if (answer.status === 200) return show(id, answer.json);
  clear();
  say(note, explain(answer), "bad");
}

async function kickShown() {
  const id = shown;
  find("#kick-question").textContent = `Close all sessions of ${id}?`;
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise(resolve => dialog.addEventListener("close", resolve, { once: true }));
  if (dialog.returnValue !== "kick") return;
  const answer = await ask("DELETE", `socket/${segment(id)}`);
  if (shown !== id) return;
  clear();
  if (answer.status === 200) say(note, `Kicked from ${count(answer.json.nodes, "node")}.`);
  else say(note, explain(answer), "bad");
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
