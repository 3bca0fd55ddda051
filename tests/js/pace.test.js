import assert from "node:assert/strict";
import { test } from "node:test";
import { pace } from "../../static/js/pace.js";

for (const [shown, seconds] of [
  [0, 2],
  [59.9, 2],
  [60, 5],
  [179, 5],
  [180, 10],
  [86_400, 10],
]) {
  test(`${shown} s after it was shown the page polls every ${seconds} s`, () =>
    assert.equal(pace(shown, false), seconds));
}

test("a hidden page polls every half minute", () => assert.equal(pace(0, true), 30));
