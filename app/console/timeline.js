// Joins what a page has seen with what the node remembers.

// How far apart remembered points are, in seconds.
const INTERVAL = 5;
const HOUR = 3600;

// Returns points `{time, …}` of the last `span` seconds, the oldest first: what the page has seen,
// and before and between that what the node remembers. An hour is as coarse as what is
// remembered.
export function combine(seen, remembered, span) {
  const end = remembered.at(-1)?.time ?? 0;
  const recent = span < HOUR ? seen : seen.filter(({ time }) => time > end);
  const slot = ({ time }) => Math.floor(time / INTERVAL);
  const taken = new Set(recent.map(slot));
  const start = Math.max(recent.at(-1)?.time ?? 0, end) - span;
  return [...remembered.filter(point => !taken.has(slot(point))), ...recent]
    .filter(({ time }) => time >= start).sort((x, y) => x.time - y.time);
}
