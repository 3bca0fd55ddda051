const EVERY = 5000; // milliseconds

// Tells the server where the viewer is, while it plays and when it stops.
export class Heartbeat {
  constructor(video, address) {
    this.video = video;
    this.address = address;
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

  #send(playing) {
    const { currentTime, duration } = this.video;
    if (!duration) return;
    fetch(this.address, {
      method: "POST",
      keepalive: true,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ position: currentTime, duration, playing, tab: this.tab, number: ++this.number }),
    }).catch(() => {}); // the next beat carries the same news
  }
}
