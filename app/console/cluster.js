// Shows how all nodes are doing, each two seconds.

import { askFigures, count, explain, explainError, find, make, say, seconds } from "./common.js";
import * as events from "./events.js";
import { LONGEST, lag, latency, pushes, tellAll, tellNode } from "./figures.js";
import { toAge, toBytes, toCount, toPercent, toRate, toTime, toTimeOfDay } from "./format.js";
import { node as thisNode } from "./live.js";

const PERIOD = 2000;
// After how many seconds a node is gone that the others do not wait for. After an outage of Redis
// they find each other one by one.
const GRACE = 5;

const toPart = ([part, whole]) => whole ? `${toCount(part)} of ${toCount(whole)}` : toCount(part);
const toVersion = version => version;
const partOf = (part, whole) => part === undefined ? null : [part, whole];

// How each column is written, and what it is of a node: see tellNode.
const COLUMNS = [
  [toPart, ({ now }) => partOf(now.sessions, now.max_sessions)],
  [toRate, ({ rates }) => rates && pushes(rates)],
  [toRate, ({ rates }) => rates?.deliveries],
  [toTime, ({ recent }) => recent && latency(0.5, recent)],
  [toTime, ({ recent }) => recent && latency(0.99, recent)],
  [toTime, ({ recent }) => recent && lag(recent)],
  [toBytes, ({ now }) => now.queued_bytes],
  [toPercent, ({ rates }) => rates && "cpu_milliseconds" in rates ? rates.cpu_milliseconds / 1000 : null],
  [toBytes, ({ now }) => now.resident_bytes],
  [toPart, ({ now }) => partOf(now.open_descriptors, now.max_descriptors)],
  [toAge, ({ now }) => now.uptime_seconds],
  [toVersion, ({ version }) => version],
  [toCount, ({ now }) => now.kept_pushes ?? 0],
  [toCount, ({ now }) => now.mailbox_read ?? 0],
  [toCount, ({ now }) => now.links_lost ?? 0],
];
// The cell of the version.
const VERSION = 1 + COLUMNS.findIndex(([format]) => format === toVersion);

const note = find("#cluster-note");
const body = find("#cluster tbody");
const foot = find("#cluster tfoot");
const { compare } = new Intl.Collator("en", { numeric: true });

// What was told in the last minutes.
const samples = [];
// Of each node of the cluster its row, the time since which it is missing, and whether it is gone.
const known = new Map();

// The nodes as the last answer told them: see judge in verdict.js.
export let nodes = [];

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

// Puts rows in the order of the names: node2 before node10.
function sortRows() {
  const sorted = [...known].sort(([x], [y]) => compare(x, y)).map(([, { row }]) => row);
  if (sorted.some((row, i) => row !== body.rows[i])) body.replaceChildren(...sorted);
}

// Notes who has answered. Whoever has not is silent while nodes are waited for, and else gone.
function call(names, unknown, time) {
  const isFirst = !known.size;
  for (const name of names) {
    const entry = known.get(name);
    if (entry?.gone) events.note("info", "", `${name} is back.`);
    if (!entry && !isFirst) events.note("info", "", `${name} has come.`);
    known.set(name, { row: entry?.row ?? makeRow(), since: null, gone: false });
  }
  for (const [name, entry] of known) {
    if (names.has(name)) continue;
    entry.since ??= time;
    if (entry.gone || unknown || time < entry.since + GRACE) continue;
    entry.gone = true;
    events.note("warning", "WB-108", `${name} is gone.`);
  }
}

function showSum(told, unknown, versions) {
  const silent = nodes.filter(({ state }) => state === "silent").length;
  const size = known.size + Math.max(unknown - silent, 0);
  foot.replaceChildren(...(size > 1 && told.size ? [sum] : []));
  if (!told.size) return;
  const { now, ...growth } = tellAll([...told.values()]);
  fill(sum, told.size < size ? `${told.size} of ${size} nodes` : `All ${size} nodes`, {
    ...growth, now: { ...now, open_descriptors: undefined, uptime_seconds: undefined },
    version: versions > 1 ? `${versions} versions` : undefined });
}

// Shows what nodes have told, and whether others are waited for.
function show(told, unknown) {
  const versions = new Set([...told.values()].map(({ version }) => version)).size;
  nodes = [...known].map(([name, { since, gone }]) => ({
    name, since, state: told.has(name) ? "here" : gone ? "gone" : "silent", now: {}, ...told.get(name) }));
  for (const [name, { row, since, gone }] of known) {
    const state = gone ? `, gone since ${toTimeOfDay(since)}` : name === thisNode ? ", this one"
      : unknown && !told.has(name) ? ", silent" : "";
    fill(row, name + state, told.get(name));
    row.ariaCurrent = name === thisNode ? "true" : null;
    row.dataset.state = told.has(name) ? "" : "bad";
    row.cells[VERSION].dataset.state = versions > 1 ? "warn" : "";
  }
  showSum(told, unknown, versions);
}

function take({ nodes: answers, unknown }) {
  const now = { time: seconds(), nodes: new Map(
    answers.map(({ node, version, ...figures }) => [node, figures])) };
  const versions = new Map(answers.map(({ node, version }) => [node, version]));
  samples.push(now);
  while (samples[0].time < now.time - LONGEST) samples.shift();
  call(new Set(now.nodes.keys()), unknown, now.time);
  sortRows();
  show(new Map([...now.nodes.keys()].map(name =>
    [name, { ...tellNode(name, samples), version: versions.get(name) }])), unknown);
  say(note, unknown ? `${count(unknown, "node")} did not answer.` : "", "bad");
}

function miss(text) {
  show(new Map(), 0);
  nodes = nodes.filter(({ state }) => state === "gone");
  say(note, text, "bad");
}

function tell(answer) {
  if (answer.status === 200) take(answer.json);
  else miss(answer.json?.error === "bus_away"
    ? "Redis is away: this node cannot ask the others." : explain(answer));
  find("#cluster").hidden = !known.size;
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
