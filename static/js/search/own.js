// The searches that the browser keeps while nobody is signed in: newest first, each once.

export const KEPT = 20;
const KEY = "searches";

/** @typedef {{ text: string, at: number }} Search `at` in milliseconds of Unix time */

/**
 * Letters and digits alone, in one width and case: spellings that count as the same search.
 *
 * @param {string} text
 */
export const plain = (text) =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "");

/**
 * @param {Search[]} kept
 * @param {string} text
 * @param {number} at
 * @returns {Search[]} with the text first
 */
export function added(kept, text, at) {
  const key = plain(text);
  return key ? [{ text, at }, ...removed(kept, text)].slice(0, KEPT) : kept;
}

/**
 * @param {Search[]} kept
 * @param {string} text
 * @returns {Search[]}
 */
export const removed = (kept, text) => kept.filter((one) => plain(one.text) !== plain(text));

/**
 * Those that begin with what is typed; all of them if nothing is.
 *
 * @param {Search[]} kept
 * @param {string} typed
 * @param {number} most
 * @returns {string[]}
 */
export const beginning = (kept, typed, most) =>
  kept
    .map((one) => one.text)
    .filter((text) => plain(text).startsWith(plain(typed)))
    .slice(0, most);

/**
 * What was stored, as far as it can be read: others may have written there.
 *
 * @param {string | null} stored
 * @returns {Search[]}
 */
export function parsed(stored) {
  try {
    const found = JSON.parse(stored ?? "[]");
    if (!Array.isArray(found)) return [];
    return found
      .filter((one) => typeof one?.text === "string" && Number.isFinite(one.at) && plain(one.text))
      .map(({ text, at }) => ({ text: text.slice(0, 60), at }))
      .slice(0, KEPT);
  } catch {
    return [];
  }
}

// A browser may refuse storage altogether: then nothing is kept.

/** @returns {Search[]} */
export function load() {
  try {
    return parsed(localStorage.getItem(KEY));
  } catch {
    return [];
  }
}

/** @param {Search[]} kept */
export function save(kept) {
  try {
    if (kept.length) localStorage.setItem(KEY, JSON.stringify(kept));
    else localStorage.removeItem(KEY);
  } catch {
    // full or forbidden
  }
}
