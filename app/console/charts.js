// The charts of this node: of the last 5 minutes each second, or of the last hour.

import { Chart } from "./chart.js";
import { find } from "./common.js";
import { toBytes, toCount, toRate, toTime } from "./format.js";
import * as history from "./history.js";
import { combine } from "./timeline.js";

const known = name => point => point[name] ?? null;
const series = (name, style, title = "") => ({ name: title, style, of: known(name) });

const CHARTS = [
  { title: "Pushes a second, by answer", format: toRate, least: 1,
    series: ["200", "202", "404", "503", "504", "other"].map(name => series(name, `status-${name}`, name)) },
  { title: "Time to received", format: toTime, logarithmic: true,
    series: [series("p50", "first", "p50"), series("p99", "second", "p99")] },
  { title: "Deliveries a second", format: toRate, least: 1,
    series: [series("deliveries", "first")] },
  { title: "Sessions", format: toCount, least: 4, series: [series("sessions", "first")] },
  { title: "In queues", format: toBytes, least: 1000, series: [series("queued", "first")] },
  { title: "Lost a second", format: toRate, least: 1,
    series: [series("refused", "status-503", "refused"), series("closed", "status-504", "closed"),
             series("dropped", "status-404", "dropped")] },
];

let charts = [];

const span = () => Number(find("#span input:checked").value);

// Shows points that the page has seen.
export function show(seen) {
  const points = combine(seen, history.points, span());
  charts.forEach(chart => chart.show(points, span()));
}

export function start(seen) {
  charts = CHARTS.map(chart => new Chart(chart));
  find("#span").addEventListener("change", () => show(seen));
  document.addEventListener("history", () => show(seen));
}
