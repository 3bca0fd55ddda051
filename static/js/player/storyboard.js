/** @import { Cue } from "./types" */

const seconds = (/** @type {string} */ text) => text.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);

/**
 * The cues of a storyboard: WebVTT whose texts are addresses with #xywh (Media Fragments URI 1.0).
 *
 * @param {string} text
 * @returns {Cue[]}
 */
export function parseStoryboard(text) {
  const cues = text.matchAll(/([\d:.]+) --> ([\d:.]+)\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)/g);
  return [...cues].map(([, start, end, url, x, y, w, h]) => ({
    start: seconds(start),
    end: seconds(end),
    url,
    x: Number(x),
    y: Number(y),
    w: Number(w),
    h: Number(h),
  }));
}

/**
 * The storyboard at an address; empty for a title that has none.
 *
 * @param {string} address
 */
export async function storyboard(address) {
  const answer = await fetch(address);
  return answer.ok ? parseStoryboard(await answer.text()) : [];
}

/**
 * The cue shown at a time, in seconds; past the end the last one.
 *
 * @param {Cue[]} cues
 * @param {number} at
 */
export const cueAt = (cues, at) => cues.find((cue) => at < cue.end) ?? cues.at(-1);
