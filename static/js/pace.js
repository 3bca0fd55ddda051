// [until this many seconds after the page was shown, seconds between two requests]
const PACE = [
  [60, 2],
  [180, 5],
  [Infinity, 10],
];
const HIDDEN = 30; // seconds

/**
 * Seconds between two requests of a page that polls.
 *
 * @param {number} shown seconds since the page was shown
 * @param {boolean} hidden whether another tab covers it
 */
export function pace(shown, hidden) {
  if (hidden) return HIDDEN;
  const [, seconds] = PACE.find(([until]) => shown < until) ?? [0, HIDDEN];
  return seconds;
}
