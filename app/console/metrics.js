// Reads the figures of a node, in Prometheus' text format, and what they say of a time.

const SAMPLE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;
const ESCAPES = { n: "\n" };

const toNumber = text => Number(text.replace("Inf", "Infinity"));

function toLabels(text) {
  return Object.fromEntries([...text.matchAll(LABEL)].map(([, name, value]) =>
    [name, value.replace(/\\(.)/g, (_, letter) => ESCAPES[letter] ?? letter)]));
}

// Returns a map of names to samples: `{labels, value}`.
export function parse(text) {
  const result = new Map();
  for (const line of text.split("\n")) {
    const [, name, labels = "", value] = SAMPLE.exec(line) ?? [];
    if (!name) continue;
    if (!result.has(name)) result.set(name, []);
    result.get(name).push({ labels: toLabels(labels), value: toNumber(value) });
  }
  return result;
}

const samplesOf = (metrics, name) => metrics.get(name) ?? [];

export const labelsOf = (metrics, name) => samplesOf(metrics, name)[0]?.labels ?? {};

// Returns the value of a metric, or what those add up to that have these labels.
export function valueOf(metrics, name, labels = {}) {
  return samplesOf(metrics, name)
    .filter(each => Object.entries(labels).every(([label, value]) => each.labels[label] === value))
    .reduce((sum, each) => sum + each.value, 0);
}

// Returns each value of a label with the value of its metric.
export const valuesBy = (metrics, name, label) =>
  samplesOf(metrics, name).map(each => [each.labels[label], each.value]);

// A counter is smaller than before when the node has been started again.
export const increase = (now, before) => now < before ? now : now - before;

// Returns a quantile of buckets, `{limit, count}` of all up to the limit, with linear
// interpolation in a bucket, as Prometheus does: the highest limit if it was more, null for
// nothing.
export function quantileOf(q, buckets) {
  const rank = q * (buckets.at(-1)?.count ?? 0);
  if (!rank) return null;
  const at = buckets.findIndex(each => each.count >= rank);
  const { limit: low, count: below } = buckets[at - 1] ?? { limit: 0, count: 0 };
  const { limit: high, count: until } = buckets[at];
  return high === Infinity ? low : low + (high - low) * (rank - below) / (until - below);
}

// Returns what a quantile of a histogram was between two times, in its unit.
export function quantile(q, name, labels, now, before) {
  return quantileOf(q, samplesOf(now, `${name}_bucket`)
    .filter(({ labels: own }) => Object.keys(labels).every(each => own[each] === labels[each]))
    .map(({ labels: own, value }) => ({
      limit: toNumber(own.le),
      count: increase(value, valueOf(before, `${name}_bucket`, { ...labels, le: own.le })),
    })));
}
