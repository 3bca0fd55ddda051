import Hls from "hls.js";

/** @import { Loader, LoaderCallbacks, LoaderConfiguration, FragmentLoaderContext } from "hls.js" */
/** @import { Addresses } from "./addresses.js" */

const EXPIRED = new Set([403, 410]); // 403: signed with a key that has been replaced, or by a CDN

// A refusal of a CDN that scripts of other sites can't read has no status.
const isUnreadable = (/** @type {number} */ code, /** @type {string} */ url) =>
  code === 0 && new URL(url, location.href).origin !== location.origin;

/**
 * hls.js's loader with what it uses inside, which its types leave out.
 *
 * @typedef {Loader<FragmentLoaderContext> & {
 *   callbacks: LoaderCallbacks<FragmentLoaderContext> | null,
 *   config: LoaderConfiguration | null,
 *   context: FragmentLoaderContext | null,
 *   loadInternal(): void,
 * }} InnerLoader
 */

const Base = /** @type {{ new (config: object): InnerLoader }} */ (/** @type {unknown} */ (Hls.DefaultConfig.loader));

/**
 * A loader of segments for hls.js. What the server refuses for its age is renewed and requested again before hls.js
 * hears of it.
 *
 * @param {Addresses} addresses
 */
export function loaderOf(addresses) {
  return class extends Base {
    #triedAgain = false;

    /**
     * @override
     * @param {FragmentLoaderContext} context
     * @param {LoaderConfiguration} config
     * @param {LoaderCallbacks<FragmentLoaderContext>} callbacks
     */
    load(context, config, callbacks) {
      const { url } = context;
      const start = async (from = url) => {
        const address = await addresses.current(from);
        if (!this.#isWanted(context)) return;
        context.url = address;
        this.loadInternal();
      };
      /** @type {LoaderCallbacks<FragmentLoaderContext>["onError"]} */
      const onError = async (response, ...rest) => {
        const { code } = response;
        const isExpired = EXPIRED.has(code) || isUnreadable(code, context.url);
        if (this.#triedAgain || !(isExpired || code === 404)) {
          callbacks.onError(response, ...rest);
          return;
        }
        this.#triedAgain = true;
        const { rangeStart = 0, rangeEnd = 0 } = context;
        const request = { url: context.url, playlist: context.frag.baseurl, rangeStart, rangeEnd };
        const moved = code === 404 ? await addresses.moved(request) : null;
        if (moved && this.#isWanted(context)) {
          await start(moved);
          return;
        }
        const outcome = await addresses.renew();
        if (!this.#isWanted(context)) return;
        if (outcome === "good" && addresses.has(url)) await start();
        else callbacks.onError({ ...response, code: outcome === "away" ? 0 : code, text: outcome }, ...rest);
      };
      Object.assign(this, { context, config, callbacks: { ...callbacks, onError } });
      this.stats.loading.start = performance.now();
      start();
    }

    /** @param {FragmentLoaderContext} context */
    #isWanted(context) {
      return this.context === context && !this.stats.aborted;
    }
  };
}
