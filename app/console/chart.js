// A chart of a time, by uPlot. Its colours come from the style sheet.

/* global uPlot */

import { find, make } from "./common.js";
import { toTimeOfDay } from "./format.js";

const HEIGHT = 130;

const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function toAxis(more) {
  return { stroke: () => colour("--muted"), font: "11px system-ui, sans-serif",
           grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false }, ...more };
}

// Powers of ten, from 1 ms or less to 10 ms or more.
const DECADES = {
  distr: 3,
  range: (_, min, max) => [10 ** Math.min(Math.floor(Math.log10(min ?? 1)), -3),
                           10 ** Math.max(Math.ceil(Math.log10(max ?? 0)), -2)],
};

function splitDecades(_, axis, min, max) {
  const first = Math.round(Math.log10(min));
  return Array.from({ length: Math.round(Math.log10(max)) - first + 1 }, (_, i) => 10 ** (first + i));
}

function toOptions({ series, format, least, logarithmic }, width, timeRange) {
  const linear = { range: (_, min, max) => [0, Math.max(max * 1.1, least)] };
  return {
    width, height: HEIGHT, legend: { show: false }, cursor: { show: false },
    padding: [8, 16, 0, 0],
    scales: { x: { range: timeRange }, y: logarithmic ? DECADES : linear },
    axes: [toAxis({ size: 24, space: 44, values: (_, all) => all.map(toTimeOfDay) }),
           toAxis({ size: 52, space: 28, values: (_, all) => all.map(format),
                    ...(logarithmic && { splits: splitDecades, filter: (_, splits) => splits }) })],
    series: [{}, ...series.map(({ style }) => ({
      stroke: () => colour(`--${style}`), width: 1.5, points: { show: false } }))],
  };
}

function toLegend({ name, style }) {
  const entry = make("li");
  const value = make("b", "–");
  if (name) entry.append(make("span", "", `swatch ${style}`), `${name} `);
  entry.append(value);
  return { entry, value };
}

export class Chart {
  #series;
  #legends;
  #format;
  #plot;
  // How many seconds are shown.
  #span = 0;

  // A series is `{name, style, of}`: a colour of the style sheet, and a function that returns
  // the value of a point, which is null for a gap. What is `least` is as high as the chart, and
  // a `logarithmic` one shows times.
  constructor(options) {
    const { title, series, format } = options;
    this.#series = series;
    this.#format = format;
    this.#legends = series.map(toLegend);
    const figure = make("figure");
    const caption = make("figcaption", title);
    const list = make("ul");
    const canvas = make("div");
    // What can be said of it in words is in its legend.
    canvas.setAttribute("aria-hidden", "true");
    list.append(...this.#legends.map(each => each.entry));
    caption.append(list);
    figure.append(caption, canvas);
    find("#charts").append(figure);
    const empty = [[], ...series.map(() => [])];
    const timeRange = (_, min, max) => [max - this.#span, max];
    this.#plot = new uPlot(toOptions(options, canvas.clientWidth, timeRange), empty, canvas);
    new ResizeObserver(() => this.#plot.setSize({ width: canvas.clientWidth, height: HEIGHT }))
      .observe(canvas);
    matchMedia("(prefers-color-scheme: dark)")
      .addEventListener("change", () => this.#plot.redraw());
  }

  // Shows points of the last seconds, each of which has a `time` in seconds since 1970.
  show(points, span) {
    this.#span = span;
    const values = this.#series.map(({ of }) => points.map(of));
    this.#plot.setData([points.map(({ time }) => time), ...values]);
    this.#legends.forEach(({ value }, i) => {
      const last = values[i].at(-1) ?? null;
      value.textContent = last === null ? "–" : this.#format(last);
    });
  }
}
