import assert from "node:assert/strict";
import { test } from "node:test";
import { handOverPoint } from "../../static/js/player/handover-point.js";

/**
 * A film of ten minutes that plays at 100 s.
 *
 * @param {[number, number][]} ranges what is buffered, in seconds
 * @param {object} [changes]
 */
function film(ranges, changes = {}) {
  const buffered = {
    length: ranges.length,
    start: (/** @type {number} */ n) => ranges[n][0],
    end: (/** @type {number} */ n) => ranges[n][1],
  };
  return { buffered, currentTime: 100, duration: 600, playbackRate: 1, seeking: false, readyState: 4, ...changes };
}

test("the better renditions begin fifteen seconds ahead", () => {
  assert.equal(handOverPoint(film([[90, 160]])), 115);
});

test("at twice the speed they begin twice as far ahead", () => {
  assert.equal(handOverPoint(film([[90, 160]], { playbackRate: 2 })), 130);
});

test("near the end they begin half way there", () => {
  assert.equal(handOverPoint(film([[90, 110]], { duration: 110 })), 105);
});

test("they begin no later than the buffer ends", () => {
  assert.equal(
    handOverPoint(
      film([
        [0, 20],
        [90, 108],
        [200, 300],
      ]),
    ),
    108,
  );
});

test("less than three seconds of lead is no moment", () => {
  assert.equal(handOverPoint(film([[90, 102.9]])), null);
  assert.equal(handOverPoint(film([[90, 103]])), 103);
  assert.equal(handOverPoint(film([[90, 105]], { playbackRate: 2 })), null);
});

test("there is no moment while it seeks, stalls or plays outside its buffer", () => {
  assert.equal(handOverPoint(film([[90, 160]], { seeking: true })), null);
  assert.equal(handOverPoint(film([[90, 160]], { readyState: 2 })), null);
  assert.equal(
    handOverPoint(
      film([
        [0, 50],
        [120, 160],
      ]),
    ),
    null,
  );
  assert.equal(handOverPoint(film([])), null);
});
