// Shows how the node is doing, each second.

import { Chart, SECONDS } from "./chart.js";
import { TIMEOUT, ask, askFigures, explain, explainError, find, make, say, seconds } from "./common.js";
import { toBytes, toCount, toRate, toTime } from "./format.js";
import { increase, labelsOf, parse, quantile, valueOf, valuesBy } from "./metrics.js";

const PERIOD = 1000;
// Over how many seconds latencies are told.
const RECENT = 30;

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

const known = name => point => point[name] ?? null;
const series = (name, style, title = "") => ({ name: title, style, of: known(name) });

const FIGURES = [
  ["Sessions", "sessions", toCount], ["Addresses", "addresses", toCount],
  ["Pushes a second", "pushes", toRate], ["Deliveries a second", "deliveries", toRate],
  ["In queues", "queued", toBytes], ["p50 to received", "p50", toTime],
  ["p99 to received", "p99", toTime],
];
const CHARTS = [
  { title: "Pushes a second, by answer", format: toRate, least: 1,
    series: [...STATUSES, "other"].map(name => series(name, `status-${name}`, name)) },
  { title: `Time to received, of the last ${RECENT} s`, format: toTime, least: 0.005,
    series: [series("p50", "first", "p50"), series("p99", "second", "p99")] },
  { title: "Deliveries a second", format: toRate, least: 1,
    series: [series("deliveries", "first")] },
  { title: "Sessions", format: toCount, least: 4, series: [series("sessions", "first")] },
  { title: "In queues", format: toBytes, least: 1000, series: [series("queued", "first")] },
  { title: "Lost a second", format: toRate, least: 1,
    series: [series("refused", "status-503", "refused"), series("closed", "status-504", "closed"),
             series("dropped", "status-404", "dropped")] },
];

// What was told in the last minutes: `{time, metrics}`, the time in seconds.
const samples = [];
// What that says of each second, and what it does not if the node did not answer.
const points = [];

// The name of the node, when it is known.
export let node = "";

function trim(all, now) {
  while (all[0].time < now - SECONDS) all.shift();
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

async function askReady() {
  const { status, json } = await ask("GET", "readyz", { timeout: TIMEOUT });
  say(find("#ready"), ...(STATES[json?.status ?? json?.error] ?? [`HTTP ${status}`, "bad"]));
}

function show(figures, charts) {
  trim(points, points.at(-1).time);
  charts.forEach(chart => chart.show(points));
  figures.forEach(figure => figure(points.at(-1)));
}

function miss(error) {
  say(find("#ready"), "unreachable", "bad");
  say(find("#live-note"), explainError(error), "bad");
  return false;
}

async function poll(figures, charts) {
  const [told] = await Promise.all([askMetrics(), askReady()]).catch(error => [miss(error)]);
  if (!told) points.push({ time: seconds() });
  show(figures, charts);
  setTimeout(poll, PERIOD, figures, charts);
}

// Returns a function that shows a point.
function addFigure([title, name, format]) {
  const box = make("div");
  const value = make("dd", "–");
  box.append(make("dt", title), value);
  find("#figures").append(box);
  return point => {
    value.textContent = known(name)(point) === null ? "–" : format(point[name]);
  };
}

export function start() {
  poll(FIGURES.map(addFigure), CHARTS.map(each => new Chart(each)));
}
