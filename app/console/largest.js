// Shows the largest ids, topics and queues of the cluster while its list is open.

import { askFigures, count, explain, explainError, find, make, say } from "./common.js";
import { toBytes, toCount } from "./format.js";
import { toLink } from "./link.js";

const PERIOD = 5000;

const list = find("#largest");
const note = find("#largest-note");

// The text of the last answer.
let shown = "";
let timer;

function toIdLink(id) {
  const link = make("a", id);
  link.href = toLink({ id });
  return link;
}

// Fills a table with rows of texts and elements.
function fill(name, rows) {
  const table = find(`#largest-${name}`);
  table.hidden = !rows.length;
  table.tBodies[0].replaceChildren(...rows.map(cells => {
    const row = make("tr");
    row.append(...cells.map(content => {
      const cell = make("td");
      cell.append(content);
      return cell;
    }));
    return row;
  }));
}

function show({ ids, topics, queues, unknown }) {
  fill("ids", ids.map(({ id, sessions }) => [toIdLink(id), toCount(sessions)]));
  fill("topics", topics.map(({ topic, sessions }) => [topic, toCount(sessions)]));
  fill("queues", queues.map(({ id, node, peer, bytes }) => [toIdLink(id), node, peer, toBytes(bytes)]));
  const silent = unknown ? `${count(unknown, "node")} did not answer. ` : "";
  const none = ids.length ? "" : "There is no session.";
  say(note, silent + none, unknown ? "bad" : "");
}

function tell(answer) {
  if (answer.status !== 200) return say(note, explain(answer), "bad");
  // Links that do not change keep their focus.
  if (answer.text !== shown) show(answer.json);
  shown = answer.text;
}

async function poll() {
  clearTimeout(timer);
  if (list.open && !document.hidden)
    await askFigures("largest?wait=2s").then(tell)
      .catch(error => say(note, explainError(error), "bad"));
  clearTimeout(timer);
  if (list.open) timer = setTimeout(poll, PERIOD);
}

export function start() {
  list.addEventListener("toggle", poll);
}
