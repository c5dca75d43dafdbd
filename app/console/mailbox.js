// Tells what is kept for an id, and empties its mailbox.

import { ask, explain, explainError, find, say, segment } from "./common.js";
import { confirm } from "./dialog.js";
import { count, toAge } from "./format.js";

const note = find("#mailbox-note");
const button = find("#empty");

// The id that is shown.
let shown = "";

const pathOf = id => `socket/${segment(id)}/mailbox`;

function show({ entries, oldest }) {
  say(note, entries
    ? `Its mailbox holds ${count(entries, "push", "pushes")}, the oldest for ${toAge(oldest)}.`
    : "Its mailbox is empty.");
  button.hidden = !entries;
}

export function clear() {
  shown = "";
  button.hidden = true;
  say(note, "");
}

// Calls with an answer that is still of interest.
async function request(method, id, take) {
  try {
    const answer = await ask(method, pathOf(id));
    if (shown !== id) return;
    if (answer.status === 200) return take(answer.json);
    button.hidden = true;
    say(note, `Mailbox: ${explain(answer)}`, "bad");
  } catch (error) {
    clear();
    say(note, explainError(error), "bad");
  }
}

export async function look(id) {
  if (id !== shown) clear();
  shown = id;
  await request("GET", id, show);
}

async function empty() {
  const id = shown;
  if (!await confirm(`Empty the mailbox of ${id}?`,
                     "Its pushes are lost: no client receives them.", "Empty")) return;
  await request("DELETE", id, ({ removed }) => {
    button.hidden = true;
    say(note, `${count(removed, "push", "pushes")} removed.`);
  });
}

export function start() {
  button.addEventListener("click", empty);
}
