import assert from "node:assert/strict";
import { test } from "node:test";
import { clock } from "../../static/js/clock.js";

for (const [seconds, shown] of /** @type {[number | undefined, string][]} */ ([
  [0, "0:00"],
  [5, "0:05"],
  [59.6, "1:00"],
  [365, "6:05"],
  [3600, "1:00:00"],
  [6750, "1:52:30"],
  [36_000, "10:00:00"],
  [-3, "0:00"],
  [NaN, "0:00"],
  [undefined, "0:00"],
])) {
  test(`${seconds} seconds are ${shown}`, () => assert.equal(clock(seconds), shown));
}
