/** @import { Place } from "./place.js" */

const TIMEOUT = 8000; // milliseconds for a renewal
const AGAIN = 5000; // milliseconds between a failed renewal and the next

// A CDN's signature may stand before the path: a time and a hash, or a hash and a time.
const SIGNED_PATH = /^\/(?:\d{12}\/[0-9a-f]{32}|[0-9a-f]{32}\/[0-9a-f]{8})(?=\/)/i;

/** The path of the file, without a signature. */
const fileOf = (/** @type {URL} */ { pathname }) => pathname.replace(SIGNED_PATH, "");

// Keeps the signed addresses of a title's files valid while it plays. Those of paid content expire within minutes: past
// half of that time the next segment request renews all of them; near the end it waits for the renewal. While nothing
// loads, nothing is renewed, however long the film is paused.
export class Addresses {
  /** @type {Map<string, URL>} the address to use, by the file's path: of the last renewal, else of its playlist */
  #newest = new Map();

  /** @type {Map<string, string>} the present path of a file, by an earlier one */
  #renamed = new Map();

  /** @type {Promise<"good" | "refused" | "away"> | null} */
  #running = null;

  #at = 0; // of the newest signatures, by Date.now()
  #failedAt = -AGAIN;

  /**
   * @param {Place} place
   * @param {{ url: string, lifetime: number }} addresses where new ones come from; their lifetime in seconds, 0 if they
   *   outlive the film
   * @param {string} kind of the grant they are for
   */
  constructor(place, { url, lifetime }, kind) {
    this.place = place;
    this.url = url;
    this.kind = kind;
    this.lifetime = 1000 * lifetime;
  }

  /**
   * Whether what was fetched at `at` (Date.now()) should be fetched again: past the given share of the lifetime, or
   * when the clock was set back, so that its age is unknown.
   *
   * @param {number} at
   * @param {number} [share]
   */
  isStale(at, share = 0.5) {
    const age = Date.now() - at;
    return this.lifetime > 0 && !(age >= 0 && age < share * this.lifetime);
  }

  /**
   * The address to request now for one that stood in a playlist.
   *
   * @param {string} address
   */
  async current(address) {
    const url = this.#note(address);
    if (!url) return address;
    if (this.isStale(this.#at) && performance.now() - this.#failedAt >= AGAIN) {
      const renewed = this.renew();
      if (this.isStale(this.#at, 0.9)) await renewed;
    }
    return this.#signed(url);
  }

  /**
   * Requests new signatures, once for all who wait. "refused": the title isn't the viewer's any more, or the player's
   * place is gone. "away": no answer.
   */
  renew() {
    return (this.#running ??= this.#renew().finally(() => (this.#running = null)));
  }

  /**
   * Where the same bytes are now: a title's files get other names when it stops being free. Null if its playlist names
   * none such. A segment identifies the whole file; an initialisation section may be the same in another.
   *
   * @param {{ url: string, playlist: string, rangeStart: number, rangeEnd: number }} request bytes, the end exclusive
   * @returns {Promise<string | null>}
   */
  async moved({ url, playlist, rangeStart, rangeEnd }) {
    const answer = await fetch(playlist, { signal: AbortSignal.timeout(TIMEOUT) }).catch(() => null);
    const lines = answer?.ok ? (await answer.text()).split("\n") : [];
    const range = `BYTERANGE:${rangeEnd - rangeStart}@${rangeStart}`;
    const piece = lines[lines.findIndex((line) => line.endsWith(range)) + 1 || lines.length];
    const start = lines.find((line) => line.endsWith(`${range.replace(":", '="')}"`))?.match(/URI="([^"]+)"/)?.[1];
    if (!piece) return start ?? null;
    this.#renamed.set(fileOf(new URL(url, location.href)), fileOf(new URL(piece, location.href)));
    return piece;
  }

  /** @param {string} address */
  has(address) {
    return this.#newest.has(fileOf(new URL(address, location.href)));
  }

  async #renew() {
    const answer = await fetch(this.place.of(this.url), { signal: AbortSignal.timeout(TIMEOUT) }).catch(() => null);
    if (answer?.status === 403 || answer?.status === 404) return "refused";
    const said = answer?.ok ? await answer.json().catch(() => null) : null;
    if (!said) {
      this.#failedAt = performance.now();
      return "away";
    }
    if (said.kind !== this.kind) return "refused"; // to the whole title, say, when these are of the preview
    for (const address of said.files) this.#note(address, true);
    this.#at = Date.now();
    return "good";
  }

  /**
   * Keeps the address if none is known of its file, or if it is a new one. Null for an address that isn't signed.
   *
   * @param {string} address
   * @param {boolean} [isNew]
   */
  #note(address, isNew = false) {
    const url = new URL(address, location.href);
    if (url.origin === location.origin && !url.searchParams.has("st")) return null;
    const file = fileOf(url);
    if (isNew || !this.#newest.has(file)) this.#newest.set(file, url);
    this.#at ||= Date.now(); // the first playlist has just been read
    return url;
  }

  /** @param {URL} url */
  #signed(url) {
    const file = fileOf(url);
    const found = new URL(this.#newest.get(this.#renamed.get(file) ?? file) ?? url);
    const n = url.searchParams.get("n"); // tells a file's pieces apart
    if (n !== null) found.searchParams.set("n", n);
    found.hash = url.hash;
    return found.href;
  }
}
