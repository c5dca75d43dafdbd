// Shows how all nodes are doing, each two seconds.

import { askFigures, count, explain, explainError, find, make, say, seconds } from "./common.js";
import { RECENT, lag, latency, pushes, tellAll, tellNode } from "./figures.js";
import { toBytes, toCount, toRate, toTime } from "./format.js";
import { node as thisNode } from "./live.js";

const PERIOD = 2000;

// How each column is written, and what it is of a node: see tellNode.
const COLUMNS = [
  [toCount, ({ now }) => now.sessions],
  [toBytes, ({ now }) => now.queued_bytes],
  [toRate, ({ rates }) => rates && pushes(rates)],
  [toRate, ({ rates }) => rates?.deliveries],
  [toTime, ({ recent }) => recent && latency(0.5, recent)],
  [toTime, ({ recent }) => recent && latency(0.99, recent)],
  [toTime, ({ recent }) => recent && lag(recent)],
  [toCount, ({ now }) => now.kept_pushes ?? 0],
  [toCount, ({ now }) => now.mailbox_read ?? 0],
  [toCount, ({ now }) => now.links_lost ?? 0],
];

const note = find("#cluster-note");
const body = find("#cluster tbody");
const foot = find("#cluster tfoot");
const { compare } = new Intl.Collator("en", { numeric: true });

// What was told in the last seconds.
const samples = [];
// The row of each node of the cluster.
const rows = new Map();

function makeRow() {
  const row = make("tr");
  const head = make("th");
  head.scope = "row";
  row.append(head, ...COLUMNS.map(() => make("td")));
  return row;
}

const sum = makeRow();

// A text that does not change stays selected, and is not read aloud again.
function fill(row, title, told) {
  const texts = COLUMNS.map(([format, of]) => {
    const value = told && of(told);
    return value === undefined || value === null ? "–" : format(value);
  });
  [title, ...texts].forEach((text, i) => {
    if (row.cells[i].textContent !== text) row.cells[i].textContent = text;
  });
}

// Has a row for each of these nodes, in the order of their names: node2 before node10.
function sortRows(names) {
  for (const name of rows.keys()) if (!names.has(name)) rows.delete(name);
  for (const name of names) if (!rows.has(name)) rows.set(name, makeRow());
  const sorted = [...rows].sort(([x], [y]) => compare(x, y)).map(([, row]) => row);
  if (sorted.some((row, i) => row !== body.rows[i]) || sorted.length !== body.rows.length)
    body.replaceChildren(...sorted);
}

// Shows what nodes have told; of all others nothing is known.
function show(told, unknown) {
  for (const [name, row] of rows) {
    const state = name === thisNode ? ", this one" : unknown && !told.has(name) ? ", silent" : "";
    fill(row, name + state, told.get(name));
    row.ariaCurrent = name === thisNode ? "true" : null;
    row.dataset.state = told.has(name) ? "" : "bad";
  }
  const size = told.size + unknown;
  foot.replaceChildren(...(size > 1 ? [sum] : []));
  const title = unknown ? `${told.size} of ${size} nodes` : `All ${size} nodes`;
  if (told.size) fill(sum, title, tellAll([...told.values()]));
}

function take({ nodes, unknown }) {
  const now = { time: seconds(), nodes: new Map(nodes.map(({ node, ...figures }) => [node, figures])) };
  samples.push(now);
  while (samples[0].time < now.time - RECENT) samples.shift();
  // One that is silent is among those that answered before.
  sortRows(new Set(unknown ? [...rows.keys(), ...now.nodes.keys()] : now.nodes.keys()));
  show(new Map([...now.nodes.keys()].map(name => [name, tellNode(name, samples)])), unknown);
  say(note, unknown ? `${count(unknown, "node")} did not answer.` : "", "bad");
}

function miss(text) {
  show(new Map(), 0);
  say(note, text, "bad");
}

function tell(answer) {
  if (answer.status === 200) take(answer.json);
  else miss(answer.json?.error === "bus_away"
    ? "Redis is away: this node cannot ask the others." : explain(answer));
  find("#cluster").hidden = !rows.size;
}

async function poll() {
  if (!document.hidden)
    await askFigures("stats?cluster=1&wait=500ms").then(tell)
      .catch(error => miss(explainError(error)));
  setTimeout(poll, PERIOD);
}

export function start() {
  poll();
}
