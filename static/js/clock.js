/**
 * Seconds as 6:05 or 1:52:30.
 *
 * @param {number | undefined} seconds NaN before the length is known
 */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds || 0));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
