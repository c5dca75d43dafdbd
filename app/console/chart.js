// A chart of the last minutes, by uPlot. Its colours come from the style sheet.

/* global uPlot */

import { find, make } from "./common.js";

export const SECONDS = 300;
const HEIGHT = 130;

const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clock = seconds => new Date(seconds * 1000).toLocaleTimeString("en-GB").slice(0, 5);

function toAxis(more) {
  return { stroke: () => colour("--muted"), font: "11px system-ui, sans-serif",
           grid: { stroke: () => colour("--line"), width: 1 }, ticks: { show: false }, ...more };
}

const timeRange = (_, min, max) => [max - SECONDS, max];

function toOptions({ series, format, least }, width) {
  return {
    width, height: HEIGHT, legend: { show: false }, cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: { x: { range: timeRange }, y: { range: (_, min, max) => [0, Math.max(max * 1.1, least)] } },
    axes: [toAxis({ size: 24, space: 44, values: (_, all) => all.map(clock) }),
           toAxis({ size: 52, space: 28, values: (_, all) => all.map(format) })],
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

  // A series is `{name, style, of}`: a colour of the style sheet, and a function that returns
  // the value of a point, which is null for a gap. What is `least` is as high as the chart.
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
    this.#plot = new uPlot(toOptions(options, canvas.clientWidth), empty, canvas);
    new ResizeObserver(() => this.#plot.setSize({ width: canvas.clientWidth, height: HEIGHT }))
      .observe(canvas);
    matchMedia("(prefers-color-scheme: dark)")
      .addEventListener("change", () => this.#plot.redraw());
  }

  // Shows points, each of which has a `time` in seconds since 1970.
  show(points) {
    const values = this.#series.map(({ of }) => points.map(of));
    this.#plot.setData([points.map(({ time }) => time), ...values]);
    this.#legends.forEach(({ value }, i) => {
      const last = values[i].at(-1);
      value.textContent = last === null ? "–" : this.#format(last);
    });
  }
}
