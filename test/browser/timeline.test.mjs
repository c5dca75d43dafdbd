// What charts of the console show: node --test timeline.test.mjs
import assert from "node:assert";
import { test } from "node:test";
import { combine } from "../../app/console/timeline.js";

const at = (...times) => times.map(time => ({ time }));
const times = (seen, remembered, span) =>
  combine(at(...seen), at(...remembered), span).map(({ time }) => time);

test("a chart begins with what the node remembers", () => {
  assert.deepStrictEqual(times([], [5, 10, 15], 300), [5, 10, 15]);
  assert.deepStrictEqual(times([21, 22], [5, 10, 15, 20], 300), [5, 10, 15, 21, 22]);
});

test("what a sleeping page has missed is what the node remembers", () => {
  assert.deepStrictEqual(times([1, 2, 27], [5, 10, 15, 20, 25], 300), [1, 2, 5, 10, 15, 20, 27]);
});

test("nothing older than the chart is shown", () => {
  assert.deepStrictEqual(times([1000], [600, 695, 700, 705], 300), [700, 705, 1000]);
});

test("an hour has a point for 5 s, and the newest of the page", () => {
  assert.deepStrictEqual(times([1, 7, 8, 11, 12], [5, 10], 3600), [5, 11, 12]);
});
