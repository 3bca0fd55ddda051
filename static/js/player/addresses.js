import Hls from "hls.js";

const TIMEOUT = 8000; // milliseconds that a renewal may take
const AGAIN = 5000; // milliseconds after one that failed
const EXPIRED = new Set([403, 410]); // 403: signed with a key that has been replaced

// Keeps the signed addresses of a title's files valid while it plays. Those of paid content expire within minutes: past
// half of that time the next segment request renews all of them; near the end it waits for the renewal. While nothing
// loads, nothing is renewed, however long the film is paused.
export class Addresses {
  // `url` gives new ones; `lifetime` in seconds, 0 of those that outlive the film; `kind` of grant they are for.
  constructor(place, { url, lifetime }, kind) {
    Object.assign(this, { place, url, kind, lifetime: 1000 * lifetime, at: 0, failedAt: -AGAIN, running: null });
    this.newest = new Map(); // by path: the signature with the latest expiry
    this.renamed = new Map(); // paths of before
  }

  // Whether what was fetched at `at` (Date.now()) should be fetched anew. A clock that was set back says nothing.
  isStale(at, share = 0.5) {
    const age = Date.now() - at;
    return this.lifetime > 0 && !(age >= 0 && age < share * this.lifetime);
  }

  // The address to ask for now, of one that stood in a playlist.
  async current(address) {
    const url = this.#note(address);
    if (!url) return address;
    if (this.isStale(this.at) && performance.now() - this.failedAt >= AGAIN) {
      const renewed = this.renew();
      if (this.isStale(this.at, 0.9)) await renewed;
    }
    url.pathname = this.renamed.get(url.pathname) ?? url.pathname;
    return this.#signed(url);
  }

  // Asks for new ones, once for all who wait: "good"; "refused" (the title is no longer the viewer's, or the player's
  // place is gone); "away" (no answer).
  renew() {
    return (this.running ??= this.#renew().finally(() => (this.running = null)));
  }

  // A loader for hls.js: what is refused for its age is renewed and asked for again, before hls.js hears of it.
  get Loader() {
    const addresses = this;
    return class extends Hls.DefaultConfig.loader {
      load(context, config, callbacks) {
        const { url } = context;
        const start = async (from = url) => {
          const address = await addresses.current(from);
          if (!this.#isWanted(context)) return;
          context.url = address;
          this.loadInternal();
        };
        const onError = async (response, ...rest) => {
          const { code } = response;
          if (this.again || !(EXPIRED.has(code) || code === 404)) return callbacks.onError(response, ...rest);
          this.again = true;
          const moved = code === 404 ? await addresses.moved(context) : null;
          if (moved && this.#isWanted(context)) return start(moved);
          const outcome = await addresses.renew();
          if (!this.#isWanted(context)) return;
          if (outcome === "good" && addresses.has(url)) return start();
          callbacks.onError({ ...response, code: outcome === "away" ? 0 : response.code, text: outcome }, ...rest);
        };
        Object.assign(this, { context, config, callbacks: { ...callbacks, onError } });
        this.stats.loading.start = performance.now();
        start();
      }

      #isWanted(context) {
        return this.context === context && !this.stats.aborted;
      }
    };
  }

  // Where the same bytes are now: a title's files get other names when it is free no more. Null if its playlist names
  // none such. A piece of the film tells the whole file; an initialisation section may be the same in another.
  async moved({ url, frag, rangeStart, rangeEnd }) {
    const answer = await fetch(frag.baseurl, { signal: AbortSignal.timeout(TIMEOUT) }).catch(() => null);
    const lines = answer?.ok ? (await answer.text()).split("\n") : [];
    const range = `BYTERANGE:${rangeEnd - rangeStart}@${rangeStart}`;
    const piece = lines[lines.findIndex((line) => line.endsWith(range)) + 1 || lines.length];
    const start = lines.find((line) => line.endsWith(`${range.replace(":", '="')}"`))?.match(/URI="([^"]+)"/)[1];
    if (!piece) return start ?? null;
    this.renamed.set(new URL(url, location.href).pathname, new URL(piece, location.href).pathname);
    return piece;
  }

  has(address) {
    return this.newest.has(new URL(address, location.href).pathname);
  }

  async #renew() {
    const answer = await fetch(this.place.of(this.url), { signal: AbortSignal.timeout(TIMEOUT) }).catch(() => null);
    if (answer?.status === 403 || answer?.status === 404) return "refused";
    const said = answer?.ok ? await answer.json().catch(() => null) : null;
    if (!said) {
      this.failedAt = performance.now();
      return "away";
    }
    if (said.kind !== this.kind) return "refused"; // to the whole title, say: these are of the preview
    for (const address of said.files) this.#note(address);
    this.at = Date.now();
    return "good";
  }

  // Keeps the address if none that lives longer is known; null for one that isn't signed.
  #note(address) {
    const url = new URL(address, location.href);
    const ts = Number(url.searchParams.get("ts"));
    if (!ts) return null;
    if (ts > (this.newest.get(url.pathname)?.ts ?? 0))
      this.newest.set(url.pathname, { ts, st: url.searchParams.get("st") });
    this.at ||= Date.now(); // the first playlist was read just now
    return url;
  }

  #signed(url) {
    for (const [name, value] of Object.entries(this.newest.get(url.pathname) ?? {})) url.searchParams.set(name, value);
    return url.href;
  }
}
