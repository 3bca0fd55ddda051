import { PlaceState } from "./codes.js";

const EVERY = 5000; // milliseconds
export const LOST = new Set([PlaceState.FULL, PlaceState.STOPPED]);

// Tells the server where the viewer is, while it plays and when it stops, and keeps the player's place; `changed` hears
// when the server sees another viewer than the page was made for, or the place is gone.
export class Heartbeat {
  constructor(video, { progressUrl, signedIn, gate }, place, changed) {
    Object.assign(this, { video, address: progressUrl, signedIn, kind: gate.kind, place, changed });
    this.tab = crypto.getRandomValues(new Uint32Array(2)).join("-");
    this.number = 0;
    video.addEventListener("playing", () => this.#start());
    video.addEventListener("pause", () => this.#stop());
    addEventListener("pagehide", () => this.timer && this.#stop());
  }

  #start() {
    if (this.timer) return;
    this.#send(true);
    this.timer = setInterval(() => this.#send(!this.video.paused), EVERY);
  }

  #stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.#send(false);
  }

  async #send(playing) {
    const { currentTime, duration } = this.video;
    if (!duration) return;
    const answer = await fetch(this.address, {
      method: "POST",
      keepalive: true,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        position: currentTime,
        duration,
        playing,
        tab: this.tab,
        number: ++this.number,
        ...this.place.who,
      }),
    }).catch(() => null); // the next beat carries the same news
    const said = await answer?.json().catch(() => null);
    if (said?.kind && (said.kind !== this.kind || said.signedIn !== this.signedIn || LOST.has(said.place)))
      this.changed(said);
  }
}
