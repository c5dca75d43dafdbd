// Writes numbers and times as people read them.

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

export const toCount = value => Math.round(value).toLocaleString("en-GB");
export const toRate = value => value >= 0.05 && value < 10 ? value.toFixed(1) : toCount(value);

export const toPercent = share => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

export function toBytes(value) {
  const power = value < 1000 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), 4);
  const number = value / 1000 ** power;
  return `${number.toFixed(power && number < 10 ? 1 : 0)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
}

export function toAge(seconds) {
  const parts = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]]
    .map(([size, unit], i, all) => [Math.floor(seconds % (all[i - 1]?.[0] ?? Infinity) / size), unit])
    .filter(([value]) => value);
  return parts.slice(0, 2).map(part => part.join(" ")).join(" ") || "0 s";
}

export function toTime(seconds) {
  if (seconds === 0) return "0";
  if (seconds >= 60) return toAge(seconds);
  if (seconds >= 1) return `${seconds.toFixed(1)} s`;
  if (seconds < 0.0009995) return `${Math.round(seconds * 1e6)} µs`;
  return `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
}

// Returns the time of day, to minutes, of seconds since 1970.
export const toTimeOfDay = seconds =>
  new Date(seconds * 1000).toLocaleTimeString("en-GB").slice(0, 5);

// Returns the time of day, to milliseconds.
export const toClock = date =>
  `${date.toLocaleTimeString("en-GB")}.${String(date.getMilliseconds()).padStart(3, "0")}`;
