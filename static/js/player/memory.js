/** @import { Kept } from "./types" */

const KEY = "player";

/** @type {Kept} */
let kept = {};
try {
  kept = JSON.parse(localStorage.getItem(KEY) ?? "null") ?? {};
} catch {
  // Storage is blocked, as in a private window, or holds what isn't ours.
}

/** The viewer's choices on this device; where storage is blocked, on this page. */
export const memory = {
  get: () => kept,

  /** @param {Kept} changes */
  set(changes) {
    kept = { ...kept, ...changes };
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // They hold for this page.
    }
  },
};
