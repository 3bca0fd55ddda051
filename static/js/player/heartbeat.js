import { isNews } from "./state.js";

/** @import { Place } from "./place.js" */
/** @import { Config, Said } from "./types" */

const EVERY = 5000; // milliseconds

// Reports the viewer's position to the server, while the film plays and when it stops, and keeps the player's place.
export class Heartbeat {
  #number = 0;

  /** @type {ReturnType<typeof setInterval> | null} */
  #timer = null;

  /**
   * @param {HTMLVideoElement} video
   * @param {Config} config
   * @param {Place} place
   * @param {(said: Said) => void} changed called when the server sees another viewer than the page was made for, or
   *   when the place is gone
   */
  constructor(video, { progressUrl, signedIn, gate }, place, changed) {
    this.video = video;
    this.address = progressUrl;
    this.known = { kind: gate.kind, signedIn };
    this.place = place;
    this.changed = changed;
    this.tab = crypto.getRandomValues(new Uint32Array(2)).join("-");
    video.addEventListener("playing", () => this.#start());
    video.addEventListener("pause", () => this.#stop());
    addEventListener("pagehide", () => this.#timer && this.#stop());
  }

  #start() {
    if (this.#timer) return;
    this.#send(true);
    this.#timer = setInterval(() => this.#send(!this.video.paused), EVERY);
  }

  #stop() {
    clearInterval(this.#timer ?? undefined);
    this.#timer = null;
    this.#send(false);
  }

  /** @param {boolean} playing */
  async #send(playing) {
    const { currentTime, duration } = this.video;
    if (!duration) return;
    const { tab } = this;
    const beat = { position: currentTime, duration, playing, tab, number: ++this.#number, ...this.place.who };
    const answer = await fetch(this.address, {
      method: "POST",
      keepalive: true,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(beat),
    }).catch(() => null); // the next heartbeat carries the same news
    const said = await answer?.json().catch(() => null);
    if (isNews(said, this.known)) this.changed(said);
  }
}
