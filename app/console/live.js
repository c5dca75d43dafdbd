// Shows how the node is doing, each second.

import * as charts from "./charts.js";
import { TIMEOUT, ask, askFigures, explain, explainError, find, make, say, seconds } from "./common.js";
import * as events from "./events.js";
import { toBytes, toCount, toRate, toTime } from "./format.js";
import * as history from "./history.js";
import { increase, labelsOf, parse, quantile, valueOf, valuesBy } from "./metrics.js";

const PERIOD = 1000;
// Over how many seconds latencies are told, and for how many losses are.
const RECENT = 30;
const LONGEST = 300;

const ANSWERS = "waybill_push_answers_total";
const STATUSES = ["200", "202", "404", "503", "504"];
const STATES = {
  ready: ["ready", "good"],
  bus_away: ["Redis is away", "bad"],
  stopping: ["stopping", "bad"],
};
const LOSSES = [
  ["waybill_closed_sessions_total", "reason", reason => `sessions closed: ${reason}`],
  ["waybill_over_limit_total", "option", option => `refused by --${option}`],
  ["waybill_refused_total", "reason", reason => `requests refused: ${reason}`],
  ["waybill_broken_connections_total", "reason", reason => `connections broken: ${reason}`],
  ["waybill_dropped_frames_total", "", () => "frames dropped"],
  ["waybill_bad_messages_total", "", () => "messages not understood"],
  ["waybill_upstream_dropped_total", "", () => "messages of clients dropped"],
  ["waybill_links_lost_total", "", () => "times that Redis went away"],
];
const FIGURES = [
  ["Sessions", "sessions", toCount], ["Addresses", "addresses", toCount],
  ["Pushes a second", "pushes", toRate], ["Deliveries a second", "deliveries", toRate],
  ["In queues", "queued", toBytes], ["p50 to received", "p50", toTime],
  ["p99 to received", "p99", toTime],
];

// What was told in the last minutes: `{time, metrics}`, the time in seconds.
const samples = [];
// What that says of each second, and what it does not if the node did not answer.
const points = [];

// The name of the node, when it is known.
export let node = "";

// How the node is: a name of /readyz, "unreachable", or "unknown"; since when, in seconds, null if
// it was so when this page was opened; and why it is not ready or lacks a function.
export let link = { name: "unknown", since: null, reason: "" };

function trim(all, now) {
  while (all[0].time < now - LONGEST) all.shift();
}

function ratesOf(now, before) {
  const rate = (name, labels) => increase(
    valueOf(now.metrics, name, labels), valueOf(before.metrics, name, labels)
  ) / (now.time - before.time);
  const answers = Object.fromEntries(STATUSES.map(status => [status, rate(ANSWERS, { status })]));
  const pushes = rate(ANSWERS);
  const other = pushes - Object.values(answers).reduce((sum, each) => sum + each);
  return { ...answers, other: Math.max(other, 0), pushes,
           deliveries: rate("waybill_deliveries_total"),
           refused: rate("waybill_refused_total"),
           closed: rate("waybill_closed_sessions_total"),
           dropped: rate("waybill_dropped_frames_total") };
}

// Returns what a sample says, compared with those before it.
function toPoint(now) {
  const { time, metrics } = now;
  const before = samples.at(-1);
  const start = samples.find(each => each.time >= time - RECENT);
  const latency = q => start
    ? quantile(q, "waybill_push_seconds", { level: "received" }, metrics, start.metrics) : null;
  return { time, sessions: valueOf(metrics, "waybill_sessions"),
           addresses: valueOf(metrics, "waybill_addresses"),
           queued: valueOf(metrics, "waybill_queued_bytes"),
           ...(before && ratesOf(now, before)), p50: latency(0.5), p99: latency(0.99) };
}

// Returns `[what, in the last minutes, since the start]` for all that was lost.
function lossesOf(now, before) {
  return LOSSES.flatMap(([name, label, title]) => valuesBy(now, name, label).map(
    ([value, total]) => {
      const labels = label ? { [label]: value } : {};
      return [title(value), increase(total, valueOf(before, name, labels)), total];
    })).filter(([, , total]) => total);
}

function showLosses(losses) {
  const rows = losses.map(texts => {
    const row = make("tr");
    row.append(...texts.map((text, i) => make("td", i ? toCount(text) : text)));
    return row;
  });
  find("#losses tbody").replaceChildren(...rows);
  const recent = losses.filter(([, last]) => last).length;
  say(find("#losses-total"), !losses.length ? "nothing so far"
    : recent ? "something in the last 5 min" : "nothing in the last 5 min", recent ? "bad" : "");
}

function showNode(metrics) {
  const { version = "", ...more } = labelsOf(metrics, "waybill_build_info");
  node = more.node ?? "";
  find("#node").textContent = `${node} ${version}`;
  document.title = `Waybill console: ${node}`;
}

function take(metrics) {
  const now = { time: seconds(), metrics };
  points.push(toPoint(now));
  samples.push(now);
  trim(samples, now.time);
  showNode(metrics);
  showLosses(lossesOf(metrics, samples[0].metrics));
}

async function askMetrics() {
  const answer = await askFigures("metrics");
  if (answer.status === 200) take(parse(answer.text));
  say(find("#live-note"), answer.status === 200 ? "" : explain(answer), "bad");
  return answer.status === 200;
}

function setLink(name, reason = "") {
  const before = link;
  const since = name === before.name ? before.since : before.name === "unknown" ? null : seconds();
  link = { name, since, reason };
  if (name === before.name || before.name === "unknown") return;
  if (name === "unreachable") events.note("error", "WB-108", "This node does not answer.");
  else if (before.name === "unreachable") events.note("info", "", "This node answers again.");
  // Its log tells why.
  if (name !== "unreachable") history.update().catch(() => {});
}

async function askReady() {
  const { status, json } = await ask("GET", "readyz", { timeout: TIMEOUT });
  const name = json?.status ?? json?.error;
  say(find("#ready"), ...(STATES[name] ?? [`HTTP ${status}`, "bad"]));
  setLink(name ?? "unknown", json?.impaired ?? json?.message);
}

function miss(error) {
  say(find("#ready"), "unreachable", "bad");
  say(find("#live-note"), explainError(error), "bad");
  setLink("unreachable");
  return false;
}

async function poll(figures) {
  const [told] = await Promise.all([askMetrics(), askReady()]).catch(error => [miss(error)]);
  if (!told) points.push({ time: seconds() });
  trim(points, points.at(-1).time);
  charts.show(points);
  figures.forEach(figure => figure(points.at(-1)));
  setTimeout(poll, PERIOD, figures);
}

// Returns a function that shows a point.
function addFigure([title, name, format]) {
  const box = make("div");
  const value = make("dd", "–");
  box.append(make("dt", title), value);
  find("#figures").append(box);
  return point => {
    const figure = point[name] ?? null;
    value.textContent = figure === null ? "–" : format(figure);
  };
}

export function start() {
  charts.start(points);
  poll(FIGURES.map(addFigure));
}
