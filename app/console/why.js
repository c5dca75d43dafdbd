// Explains in sentences why an id got its last pushes, or not.

import { ask, find, make, segment } from "./common.js";

const list = find("#why");

// The id that is shown.
let shown = "";

export function clear() {
  shown = "";
  list.hidden = true;
}

// Explains the last pushes to an id, or only the one that is named. Trace and mailbox, which are
// asked for beside it, say why there is no answer.
export async function look(id, push) {
  if (id !== shown) clear();
  shown = id;
  try {
    const named = push ? `&push=${encodeURIComponent(push)}` : "";
    const answer = await ask("GET", `why/${segment(id)}?wait=2s${named}`);
    if (shown !== id) return;
    if (answer.status !== 200) return clear();
    list.replaceChildren(...answer.json.sentences.map(sentence => make("li", sentence)));
    list.hidden = false;
  } catch {
    clear();
  }
}
