// What the player decides from what it knows, without the page: choices of tracks, speeds, and what an answer of the
// server means for it.
import { GrantKind, PlaceState } from "./codes.js";
import { isSame } from "./languages.js";

/** @import { Choice, Config, Kept, Said, TextTrackInfo } from "./types" */

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];
/** @type {Set<string>} places of which the server reports the loss */
export const LOST = new Set([PlaceState.FULL, PlaceState.STOPPED]);

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
export const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

/**
 * The speed that lies some steps above or below `rate`; undefined past the ends.
 *
 * @param {number} rate
 * @param {number} steps
 */
export const speedFrom = (rate, steps) => SPEEDS[SPEEDS.indexOf(rate) + steps];

/**
 * The qualities to choose from, best first, and which of them is chosen: the one of before if it exists, else 0 (auto).
 *
 * @param {number[]} heights of the renditions, in pixels
 * @param {Kept} kept
 * @returns {{ choices: Choice<number>[], chosen: number }}
 */
export function qualities(heights, kept) {
  const choices = [...new Set(heights)].sort((a, b) => b - a).map((value) => ({ value, label: `${value}P` }));
  return { choices, chosen: heights.includes(kept.quality ?? 0) ? (kept.quality ?? 0) : 0 };
}

/**
 * @param {number} chosen height in pixels; 0 for auto
 * @param {number | undefined} height of what plays
 * @param {string} auto the word for it
 */
export function qualityLabel(chosen, height, auto) {
  if (chosen) return `${chosen}P`;
  return height ? `${auto} (${height}P)` : auto;
}

/**
 * The subtitles to choose from, by index. Forced ones, which translate foreign parts only, are no choice: they show
 * where nothing else does. `chosen` is what the viewer chose before, else the film's default; -1 for none. `usual` is
 * what the switch turns on.
 *
 * @param {TextTrackInfo[]} tracks
 * @param {Kept} kept
 * @param {string} page the language of the page
 */
export function subtitles(tracks, kept, page) {
  const indexed = tracks.map((track, index) => ({ ...track, index }));
  const forced = indexed.filter((track) => track.forced);
  const choices = indexed.filter((track) => !track.forced);
  const named = (/** @type {string} */ name) => choices.find((track) => track.name === name)?.index ?? -1;
  const first = choices.find((track) => track.first)?.index ?? -1;
  const { text } = kept;
  // A viewer who turned them off keeps them off; a name that this title lacks counts as no choice.
  const isUnknown = text === undefined || (text !== "" && named(text) < 0);
  const chosen = isUnknown ? first : named(text);
  const usual = (choices.find(({ language }) => isSame(language, page)) ?? choices[0])?.index ?? -1;
  return { forced, choices, chosen, usual };
}

/**
 * What the answer of the server about this player's place means:
 *   offline     there is none
 *   full        other players hold all the places
 *   stopped     another device took this player's place
 *   signedOut   the viewer isn't signed in any more
 *   shut        the title isn't the viewer's any more, and there is a way to open it
 *   reload      the page was made for other rights, or the server refuses though all seems well
 *   good        it may go on
 *
 * @param {Said | null} said
 * @param {Pick<Config, "signedIn" | "gate">} config
 * @param {boolean} again whether the same request was refused a moment ago
 */
export function verdict(said, { signedIn, gate }, again) {
  if (!said) return "offline";
  if (said.place === PlaceState.FULL) return "full";
  if (said.place === PlaceState.STOPPED) return "stopped";
  if (signedIn && said.signedIn === false) return "signedOut";
  if (said.kind !== GrantKind.FULL && said.gate?.message) return "shut";
  if (said.kind !== gate.kind || again) return "reload";
  return "good";
}

/**
 * Whether the answer to a heartbeat shows another viewer than the page was made for, or that the place is gone.
 *
 * @param {Partial<Said> | null} said
 * @param {{ kind: string, signedIn: boolean }} known
 */
export function isNews(said, { kind, signedIn }) {
  if (!said?.kind) return false;
  return said.kind !== kind || said.signedIn !== signedIn || LOST.has(said.place ?? "");
}
