/** @import { Config, Said, Wish } from "./types" */

const KEY = "player";

// This player's place among those of the account: paid titles play on as many of them at once as the plan says. A tab
// keeps its name over reloads, and so its place; `page` tells one load of it from the next.
export class Place {
  /** @param {Config} config */
  static async open({ placeUrl, limited }) {
    return new Place(placeUrl, limited ? await tabName() : null);
  }

  /**
   * @param {string} address
   * @param {string | null} name null where the player needs no place
   */
  constructor(address, name) {
    this.address = address;
    this.name = name;
    this.page = random();
    if (name) addEventListener("pagehide", () => this.#leave());
  }

  /** What every request of this player carries: nothing where it needs no place. */
  get who() {
    return this.name ? { player: this.name, page: this.page } : {};
  }

  /**
   * `address` as this player requests it.
   *
   * @param {string} address
   */
  of(address) {
    const url = new URL(address, location.href);
    for (const [name, value] of Object.entries(this.who)) url.searchParams.set(name, value);
    return url.pathname + url.search;
  }

  /**
   * Requests a place. With `stop` the player of that id ends for it; with `back` this one returns after another device
   * stopped it. The answer says what its viewer may watch; null if the server can't be reached.
   *
   * @param {Wish} wish
   * @returns {Promise<Said | null>}
   */
  async ask(wish = {}) {
    const answer = await fetch(this.address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...this.who, ...wish }),
    }).catch(() => null);
    return (await answer?.json().catch(() => null)) ?? null;
  }

  #leave() {
    const message = JSON.stringify({ ...this.who, leave: true });
    navigator.sendBeacon(this.address, new Blob([message], { type: "application/json" }));
  }
}

const random = () => crypto.getRandomValues(new Uint32Array(2)).join("-");

async function tabName() {
  try {
    const kept = sessionStorage.getItem(KEY);
    if (kept && (await isMine(kept))) return kept;
    const fresh = random(); // of a new tab, or of a duplicated one, which came with the other's name
    sessionStorage.setItem(KEY, fresh);
    await isMine(fresh);
    return fresh;
  } catch {
    return random(); // storage is blocked: a reload is a new player, and the old one has left
  }
}

/**
 * Whether no other tab has the name; from now on this one has it.
 *
 * @param {string} name
 * @returns {Promise<boolean>}
 */
function isMine(name) {
  return new Promise((resolve) => {
    if (!navigator.locks) {
      resolve(true); // without https
      return;
    }
    const hold = (/** @type {Lock | null} */ lock) => {
      resolve(Boolean(lock));
      return lock && new Promise(() => {}); // until the page is left
    };
    navigator.locks.request(`player ${name}`, { ifAvailable: true }, hold).catch(() => resolve(true));
  });
}
