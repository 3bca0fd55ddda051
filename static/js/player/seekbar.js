import { clock, element } from "./dom.js";
import { storyboard } from "./storyboard.js";

const STEP = 5; // seconds an arrow key moves

// The position as a slider: pointer, touch and keyboard, buffered part, chapters, a picture of where one points.
export class SeekBar {
  constructor(player) {
    this.player = player;
    this.video = player.video;
    this.tile = element("span", { class: "seek__tile", hidden: true });
    this.tipTime = element("span", {});
    this.tip = element("div", { class: "seek__tip", hidden: true }, this.tile, this.tipTime);
    this.rail = element("div", { class: "seek__rail" }, element("i", { class: "seek__buffered" }), element("i", { class: "seek__played" }));
    this.root = element("div", { class: "seek", role: "slider", tabindex: "0", "aria-label": player.words.seek, "aria-valuemin": 0 }, this.tip, this.rail);
    this.root.addEventListener("pointerdown", (event) => this.#drag(event));
    this.root.addEventListener("pointermove", (event) => this.#point(event));
    this.root.addEventListener("pointerleave", () => (this.tip.hidden = true));
    this.root.addEventListener("keydown", (event) => this.#key(event));
    this.video.addEventListener("loadedmetadata", () => this.#marks());
  }

  #share(event) {
    const box = this.root.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  }

  #drag(event) {
    if (!this.video.duration) return;
    this.root.setPointerCapture(event.pointerId);
    const go = (e) => (this.video.currentTime = this.#share(e) * this.video.duration);
    go(event);
    const end = () => {
      this.root.removeEventListener("pointermove", go);
      this.root.removeEventListener("pointerup", end);
      this.root.removeEventListener("pointercancel", end);
    };
    this.root.addEventListener("pointermove", go);
    this.root.addEventListener("pointerup", end);
    this.root.addEventListener("pointercancel", end);
  }

  async #point(event) {
    const { duration } = this.video;
    if (!duration) return;
    if (this.board === undefined && this.player.config.storyboard) {
      this.board = null;
      this.board = await storyboard(this.player.config.storyboard).catch(() => null);
    }
    const share = this.#share(event);
    const at = share * duration;
    const chapter = this.player.config.chapters.filter((c) => c.start <= at).at(-1);
    this.tipTime.textContent = chapter ? `${chapter.title} ${clock(at)}` : clock(at);
    const cue = this.board?.(at);
    this.tile.hidden = !cue;
    if (cue) {
      const style = this.tile.style;
      style.width = `${cue.w}px`;
      style.height = `${cue.h}px`;
      style.backgroundImage = `url("${cue.url}")`;
      style.backgroundPosition = `-${cue.x}px -${cue.y}px`;
    }
    this.tip.style.setProperty("--at", `${share * 100}%`);
    this.tip.hidden = false;
  }

  #key(event) {
    const { duration } = this.video;
    const go = { Home: 0, End: duration - 1, PageUp: this.video.currentTime + 60, PageDown: this.video.currentTime - 60 }[event.key];
    if (go !== undefined) this.video.currentTime = Math.min(Math.max(0, go), duration || 0);
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") this.player.jump(event.key === "ArrowLeft" ? -STEP : STEP);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #marks() {
    const { duration } = this.video;
    this.rail.querySelectorAll("b").forEach((mark) => mark.remove());
    for (const chapter of this.player.config.chapters) {
      if (chapter.start <= 0 || chapter.start >= duration) continue;
      const mark = element("b", {});
      mark.style.setProperty("--at", `${(100 * chapter.start) / duration}%`);
      this.rail.append(mark);
    }
  }

  buffered() {
    const { buffered, duration, currentTime } = this.video;
    for (let n = 0; n < buffered.length; n++) {
      if (buffered.start(n) <= currentTime + 0.1 && buffered.end(n) >= currentTime) {
        this.root.style.setProperty("--buffered", `${(100 * buffered.end(n)) / duration}%`);
      }
    }
  }

  update() {
    const { currentTime, duration } = this.video;
    this.root.style.setProperty("--played", `${duration ? (100 * currentTime) / duration : 0}%`);
    this.root.setAttribute("aria-valuemax", Math.floor(duration || 0));
    this.root.setAttribute("aria-valuenow", Math.floor(currentTime));
    this.root.setAttribute("aria-valuetext", `${clock(currentTime)} ${this.player.words.of} ${clock(duration)}`);
  }
}
