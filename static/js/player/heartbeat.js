const EVERY = 5000; // milliseconds

// Tells the server where the viewer is, while it plays and when it stops.
export class Heartbeat {
  constructor(video, address) {
    this.video = video;
    this.address = address;
    video.addEventListener("play", () => this.#start());
    video.addEventListener("pause", () => this.#stop());
    video.addEventListener("ended", () => this.#stop());
    addEventListener("pagehide", () => video.paused || this.#send(false));
  }

  #start() {
    this.#send(true);
    clearInterval(this.timer);
    this.timer = setInterval(() => this.#send(true), EVERY);
  }

  #stop() {
    clearInterval(this.timer);
    this.#send(false);
  }

  #send(playing) {
    const { currentTime, duration } = this.video;
    const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
    fetch(this.address, {
      method: "POST",
      keepalive: true,
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ position: currentTime, duration: duration || 0, playing }),
    }).catch(() => {}); // the next beat carries the same news
  }
}
