const KEY = "player";

// This player's place among those of the account: what isn't free plays on so many of them at once as the plan says.
// A tab keeps its name over reloads, and so its place; `page` tells one load of it from the next.
export class Place {
  static async open({ placeUrl, limited }) {
    return new Place(placeUrl, limited ? await tabName() : null);
  }

  constructor(address, name) {
    Object.assign(this, { address, name, page: random() });
    if (name) addEventListener("pagehide", () => this.#leave());
  }

  // Goes with every request of this player; nothing where it needs no place.
  get who() {
    return this.name ? { player: this.name, page: this.page } : {};
  }

  // `address` as this player asks for it.
  of(address) {
    const url = new URL(address, location.href);
    for (const [name, value] of Object.entries(this.who)) url.searchParams.set(name, value);
    return url.pathname + url.search;
  }

  // Asks for a place, with `wish`: {stop: id} of the player that ends for it, or {back: true} after this one was
  // stopped. The answer says how it stands and what its viewer may watch; null if the server can't be reached.
  async ask(wish = {}) {
    const answer = await fetch(this.address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...this.who, ...wish }),
    }).catch(() => null);
    return (await answer?.json().catch(() => null)) ?? null;
  }

  #leave() {
    navigator.sendBeacon(
      this.address,
      new Blob([JSON.stringify({ ...this.who, leave: true })], { type: "application/json" }),
    );
  }
}

const random = () => crypto.getRandomValues(new Uint32Array(2)).join("-");

async function tabName() {
  try {
    const kept = sessionStorage.getItem(KEY);
    if (kept && (await isMine(kept))) return kept;
    const fresh = random(); // of a new tab; or of a duplicated one, which came with the name of the other
    sessionStorage.setItem(KEY, fresh);
    await isMine(fresh);
    return fresh;
  } catch {
    return random(); // storage is shut: a reload is a new player, and the old one has left
  }
}

// Whether no other tab has the name; this one has it from now on.
const isMine = (name) =>
  new Promise((resolve) => {
    if (!navigator.locks) return resolve(true); // without https
    navigator.locks
      .request(`player ${name}`, { ifAvailable: true }, (lock) => {
        resolve(Boolean(lock));
        return lock && new Promise(() => {}); // until the page goes
      })
      .catch(() => resolve(true));
  });
