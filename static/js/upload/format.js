/** @import { Words } from "../player/types" */

const STEPS = ["B", "KB", "MB", "GB", "TB"];

const language = () => globalThis.document?.documentElement.lang || undefined;

/**
 * A share as whole per cent, rounded down.
 *
 * @param {number} share 0 to 1
 */
export const percent = (share) =>
  new Intl.NumberFormat(language(), { style: "percent" }).format(Math.floor(share * 100) / 100);

/**
 * A number of bytes in the unit that suits it, by steps of 1024.
 *
 * @param {number} count
 */
export function bytes(count) {
  const step = count < 1024 ? 0 : Math.min(STEPS.length - 1, Math.floor(Math.log2(count) / 10));
  const format = new Intl.NumberFormat(language(), { maximumFractionDigits: step > 1 ? 1 : 0 });
  return `${format.format(count / 1024 ** step)} ${STEPS[step]}`;
}

/**
 * Fills the {names} of a text; unknown ones stay.
 *
 * @param {string} text
 * @param {Record<string, string | number>} values
 */
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

/**
 * A length of time in words, rounded up.
 *
 * @param {number} seconds
 * @param {Words} words
 */
export function span(seconds, words) {
  const whole = Math.ceil(seconds);
  if (whole < 60) return fill(words.seconds, { n: whole });
  const minutes = Math.ceil(whole / 60);
  if (minutes < 60) return fill(words.minutes, { n: minutes });
  return fill(words.hours, { n: Math.floor(minutes / 60), m: minutes % 60 });
}
