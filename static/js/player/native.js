/** @import { TextTrackInfo } from "./types" */

// The browser's own player can't renew addresses: it gets long-lived ones.
const native = (/** @type {string} */ address) => `${address}${address.includes("?") ? "&" : "?"}native=1`;

// Plays an HLS address by the browser's own player, where hls.js can't run (iOS).
export class NativePlayer {
  /**
   * @param {HTMLVideoElement} video
   * @param {string} address
   * @param {{ failed(isNetwork: boolean): void, loaded(): void, texts(tracks: TextTrackInfo[]): void }} on
   */
  constructor(video, address, on) {
    this.video = video;
    this.address = address;
    video.addEventListener("error", () => on.failed(video.error?.code === MediaError.MEDIA_ERR_NETWORK));
    video.addEventListener("playing", () => on.loaded());
    video.textTracks.addEventListener("addtrack", () => on.texts(this.#texts.map(describe)));
  }

  /** @param {number} startAt seconds */
  load(startAt) {
    const { video } = this;
    video.src = native(this.address);
    video.addEventListener("loadedmetadata", () => startAt && (video.currentTime = startAt), { once: true });
  }

  get #texts() {
    return [...this.video.textTracks].filter((track) => track.kind === "subtitles" || track.kind === "captions");
  }

  /**
   * The text track at `index` of the list, loaded and hidden; null for none.
   *
   * @param {number} index
   */
  text(index) {
    const tracks = this.#texts;
    tracks.forEach((track, n) => (track.mode = n === index ? "hidden" : "disabled"));
    return tracks[index] ?? null;
  }
}

/**
 * @param {TextTrack} track
 * @returns {TextTrackInfo}
 */
const describe = (track) => ({
  name: track.label,
  language: track.language,
  first: track.mode === "showing",
  forced: /** @type {string} */ (track.kind) === "forced", // Safari
});
