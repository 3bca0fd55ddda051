import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, fill, percent, span } from "../../static/js/upload/format.js";

const WORDS = { seconds: "{n} s", minutes: "{n} min", hours: "{n} h {m} min" };

for (const [count, shown] of /** @type {[number, string][]} */ ([
  [0, "0 B"],
  [1023, "1,023 B"],
  [1024, "1 KB"],
  [1536, "2 KB"],
  [1024 ** 2 * 1.25, "1.3 MB"],
  [1024 ** 3 * 5, "5 GB"],
  [1024 ** 5 * 3, "3,072 TB"],
])) {
  test(`${count} bytes are ${shown}`, () => assert.equal(bytes(count), shown));
}

test("a share is rounded down, so that 100 % means all", () => {
  assert.equal(percent(0.999), "99%");
  assert.equal(percent(1), "100%");
});

for (const [seconds, shown] of /** @type {[number, string][]} */ ([
  [0.2, "1 s"],
  [59, "59 s"],
  [60, "1 min"],
  [61, "2 min"],
  [3540, "59 min"],
  [3541, "1 h 0 min"],
  [7500, "2 h 5 min"],
])) {
  test(`${seconds} seconds are ${shown}`, () => assert.equal(span(seconds, WORDS), shown));
}

test("a text is filled, and a name it doesn't know stays", () => {
  assert.equal(fill("{done} of {count} in {place}", { done: 0, count: 2 }), "0 of 2 in {place}");
});
