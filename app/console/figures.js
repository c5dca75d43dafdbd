// Tells from the figures of /stats what has become of nodes of late.

import { increase, quantileOf } from "./metrics.js";

// Over how many seconds rates are told, and times. Most figures are counted once a second:
// the rate of a shorter time would jump.
const RATES = 10;
const RECENT = 30;
export const LONGEST = 300;

// The upper bounds of the buckets of histograms, in milliseconds.
const LIMITS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

// Returns a quantile of a histogram of this name, in seconds, null for nothing.
export function histogramQuantile(q, name, figures) {
  let sum = 0;
  const buckets = LIMITS.map(limit =>
    ({ limit: limit / 1000, count: sum += figures[`${name}_in_${limit}ms`] ?? 0 }));
  return quantileOf(q, [...buckets, { limit: Infinity, count: figures[`${name}_count`] ?? 0 }]);
}

export const latency = (q, figures) => histogramQuantile(q, "received", figures);

// Returns how late an event loop was in the mean, in seconds, null for nothing.
export const lag = ({ lag_count, lag_microseconds }) =>
  lag_count ? lag_microseconds / lag_count / 1e6 : null;

export const pushes = figures => Object.keys(figures).filter(name => name.startsWith("answers_"))
  .reduce((sum, name) => sum + figures[name], 0);

// A figure that has not been counted yet is missing.
const merge = (x, y, add) => Object.fromEntries(
  Object.keys(x).map(name => [name, add(x[name], y[name] ?? 0)]));

// Returns by how much the figures of a node have grown, and in how many seconds; null if it has
// not answered before.
function growth(name, samples, within) {
  const now = samples.at(-1);
  const then = samples.find(({ time, nodes }) => time >= now.time - within && nodes.has(name));
  return then === now ? null : { time: now.time - then.time,
    figures: merge(now.nodes.get(name), then.nodes.get(name), increase) };
}

// Returns of a node its figures `now`, by how much they grow in a second (`rates`), and by how
// much they have grown in the last half minute (`recent`) and 5 minutes (`grown`).
//
// A sample is `{time, nodes}`: the time in seconds, and the figures by the name of the node.
export function tellNode(name, samples) {
  const rates = growth(name, samples, RATES);
  return { now: samples.at(-1).nodes.get(name), recent: growth(name, samples, RECENT)?.figures,
           grown: growth(name, samples, LONGEST)?.figures,
           rates: rates && merge(rates.figures, {}, value => value / rates.time) };
}

const add = (x, y) => x && y ? { ...y, ...merge(x, y, (a, b) => a + b) } : x ?? y;

// Returns what nodes say together.
export const tellAll = nodes => nodes.reduce((x, y) => (
  { now: add(x.now, y.now), rates: add(x.rates, y.rates), recent: add(x.recent, y.recent) }));
