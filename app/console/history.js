// What the node remembers: its figures of the last hour, and the last lines of its log.

import { askFigures, seconds } from "./common.js";

const PERIOD = 10000;
// More than the age of a node's last values by a clock that agrees with that of this page, in
// seconds.
const FRESH = 10;

// The figures of /history by the names that charts have for them.
export const NAMES = {
  200: "answers_200", 202: "answers_202", 404: "answers_404", 503: "answers_503",
  504: "answers_504", pushes: "pushes", deliveries: "deliveries", refused: "refused",
  closed: "closed", dropped: "dropped", sessions: "sessions", addresses: "addresses",
  queued: "queued_bytes", p50: "received_p50", p99: "received_p99",
};
const STATUSES = ["200", "202", "404", "503", "504"];

// The points of the last hour, as charts show them.
export let points = [];

// How much later it is by the clock of this page, in seconds.
export let lateness = 0;

function toPoint(time, i, figures) {
  const point = Object.fromEntries(Object.entries(NAMES)
    .map(([name, figure]) => [name, figures[figure]?.[i] ?? null]));
  const known = STATUSES.reduce((sum, status) => sum + point[status], 0);
  return { ...point, time: time + lateness, other: Math.max(point.pushes - known, 0) };
}

function take({ times, figures, log }) {
  const behind = times.length ? seconds() - times.at(-1) : 0;
  lateness = Math.abs(behind) > FRESH ? behind : 0;
  points = times.map((time, i) => toPoint(time, i, figures));
  document.dispatchEvent(new CustomEvent("history", { detail: log }));
}

// Asks the node. What it remembers may wait: charts and events go on without it.
export async function update() {
  const { status, json } = await askFigures("history");
  if (status === 200) take(json);
}

async function poll() {
  if (!document.hidden) await update().catch(() => {});
  setTimeout(poll, PERIOD);
}

export function start() {
  poll();
}
