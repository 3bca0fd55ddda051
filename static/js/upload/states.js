/** @import { UploadRow } from "./types" */

/**
 * The states of a transfer:
 *   queued     waits for its turn
 *   checking   is hashed, to learn whether the server has the content
 *   sending    its bytes are on the way
 *   lost       the connection failed; it retries automatically
 *   paused     by the user
 *   failed     for good, unless the user retries
 *   needsFile  an earlier visit began it: it goes on when the user chooses the same file again
 *   received   the server has every byte
 *   done       the server has made a video of it
 *   added      it has become an episode or a title
 *   removed    from the list
 *
 * @typedef {"" | "queued" | "checking" | "sending" | "lost" | "paused" | "failed" | "needsFile" | "received" | "done"
 *   | "added" | "removed"} State
 */

const WAITS = [1, 2, 4, 8, 15, 30]; // seconds until a lost connection is tried again
const PASSING = new Set([409, 423, 425, 429, 502, 503, 504]); // answers that another try may change
const BUSY = new Set(["checking", "sending", "lost"]);
const OWN = new Set([...BUSY, "queued", "paused", "failed"]); // this visit knows better than the server
const WINDOW = 5000; // milliseconds over which the speed is measured
const LEAST = 500; // milliseconds below which nothing can be said

/** @param {State} state */
export const isBusy = (state) => BUSY.has(state);

/**
 * The state that follows from what the server says of the upload; null if it stays.
 *
 * @param {State} state
 * @param {Pick<UploadRow, "state">} row
 * @param {boolean} hasFile whether this visit has the file
 * @returns {State | null}
 */
export function stateAfter(state, row, hasFile) {
  if (row.state !== "receiving") return /** @type {State} */ (row.state);
  if (OWN.has(state)) return null;
  return hasFile ? "paused" : "needsFile";
}

/**
 * Whether another try may succeed after an answer with that status; 0 for no answer.
 *
 * @param {number} status
 */
export const mayPass = (status) => !status || PASSING.has(status);

/**
 * Seconds to wait before the next try.
 *
 * @param {number} tries so far
 */
export const waitBefore = (tries) => WAITS[Math.min(tries, WAITS.length - 1)];

/** @typedef {[at: number, sent: number]} Mark bytes sent by a time in milliseconds */

/**
 * The marks of the last seconds, with a new one.
 *
 * @param {Mark[]} marks
 * @param {Mark} mark
 * @returns {Mark[]}
 */
export const withMark = (marks, mark) => [...marks.filter(([at]) => mark[0] - at < WINDOW), mark];

/**
 * Bytes per second over the marks; 0 while nothing can be said.
 *
 * @param {Mark[]} marks
 */
export function speedOf(marks) {
  const [first, last] = [marks[0], marks.at(-1)];
  if (!first || !last || last[0] - first[0] <= LEAST) return 0;
  return (1000 * (last[1] - first[1])) / (last[0] - first[0]);
}

/**
 * A title suggested by the name of a file.
 *
 * @param {string} filename
 */
export function titleOf(filename) {
  const bare = filename.replace(/\.[^.]{1,5}$/, "").replace(/[._]+/g, " ");
  return bare.trim() || filename;
}
