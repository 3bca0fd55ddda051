import { loaderOf } from "./loader.js";
import { memory } from "./memory.js";

/** @import { HlsConfig } from "hls.js" */
/** @import { Addresses } from "./addresses.js" */

const BANDWIDTH = 3_000_000; // bits per second, until this device has measured its own
const AHEAD_AT_REST = 6; // seconds buffered before the viewer presses play
export const AHEAD = 30; // seconds buffered while it plays

/**
 * The options of hls.js.
 *
 * @param {HTMLVideoElement} video
 * @param {Addresses} addresses
 * @param {number} bandwidth in bits per second as measured, 0 where nothing was
 * @returns {Partial<HlsConfig>}
 */
export const options = (video, addresses, bandwidth) => ({
  abrEwmaDefaultEstimate: bandwidth || memory.get().bandwidth || BANDWIDTH,
  maxBufferLength: video.paused ? AHEAD_AT_REST : AHEAD,
  capLevelToPlayerSize: true,
  fLoader: /** @type {HlsConfig["fLoader"]} */ (/** @type {unknown} */ (loaderOf(addresses))),
  renderTextTracksNatively: false, // texts.js shows them
});
