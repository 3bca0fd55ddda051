import { clock } from "../clock.js";
import { element } from "../dom.js";
import { cueAt, storyboard } from "./storyboard.js";

/** @import { Player } from "./player.js" */
/** @import { Cue } from "./types" */

/** @type {Record<string, number>} seconds, by key */
const JUMPS = { ArrowRight: 5, ArrowUp: 5, ArrowLeft: -5, ArrowDown: -5, PageUp: 60, PageDown: -60 };

// ArtPlayer's bar as a slider for keyboards and screen readers, with the picture and the chapter under the pointer.
export class SeekBar {
  /** @type {Promise<Cue[]> | null} */
  #board = null;

  #boardAt = 0; // when its addresses were fetched, by Date.now()

  /** @param {Player} player */
  constructor(player) {
    const { art, words } = player;
    this.player = player;
    this.root = art.template.$progress;
    this.tile = element("span", { class: "seek__tile", hidden: true });
    this.text = element("span", { class: "seek__time" });
    this.tip = element("div", { class: "seek__tip", hidden: true }, this.tile, this.text);
    this.root.append(this.tip);
    const attributes = { role: "slider", tabindex: "0", "aria-label": words.seek, "aria-valuemin": "0" };
    for (const [name, value] of Object.entries(attributes)) this.root.setAttribute(name, value);
    this.root.addEventListener("keydown", (event) => this.#key(event));
    art.on("setBar", (kind, share, event) => {
      if (event && (kind === "hover" || (kind === "played" && "touches" in event))) this.#point(share, event);
    });
    art.on("document:touchend", () => (this.tip.hidden = true));
    art.on("video:loadedmetadata", () => this.#marks());
    for (const name of ["timeupdate", "durationchange", "seeking"]) art.on(`video:${name}`, () => this.#tell());
    this.#tell();
  }

  /** The storyboard or its addresses changed: the next use fetches it again. */
  forget() {
    this.#board = null;
  }

  /**
   * @param {number} share of the bar, 0 to 1
   * @param {Event} event
   */
  async #point(share, event) {
    const { duration } = this.player.video;
    if (!duration || event.type === "mouseleave") {
      this.tip.hidden = true;
      return;
    }
    const at = share * duration;
    const chapter = this.player.config.chapters.filter((c) => c.start <= at).at(-1);
    this.text.textContent = chapter?.title ? `${clock(at)} · ${chapter.title}` : clock(at);
    this.tip.style.setProperty("--at", `${share * 100}%`);
    this.tip.hidden = false;
    this.#board = this.#stored();
    this.#picture(cueAt(await this.#board, at));
  }

  /** The pictures, whose addresses are fetched again before they expire. */
  #stored() {
    const { config, place, addresses } = this.player;
    if (this.#board && !addresses?.isStale(this.#boardAt)) return this.#board;
    this.#boardAt = Date.now();
    return config.storyboard ? storyboard(place.of(config.storyboard)).catch(() => []) : Promise.resolve([]);
  }

  /** @param {Cue | undefined} cue */
  #picture(cue) {
    this.tile.hidden = !cue;
    if (!cue) return;
    const { style } = this.tile;
    style.width = `${cue.w}px`;
    style.height = `${cue.h}px`;
    style.backgroundImage = `url("${cue.url}")`;
    style.backgroundPosition = `-${cue.x}px -${cue.y}px`;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { currentTime, duration } = this.player.video;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in JUMPS) this.player.jump(JUMPS[event.key]);
    else if (event.key === "Home") this.player.jump(-currentTime);
    else if (event.key === "End") this.player.jump(duration - currentTime - 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Draws the intro and the outro as stretches of the bar. */
  #marks() {
    const { duration } = this.player.video;
    const { intro, outro } = this.player.config;
    const inner = this.root.querySelector(".art-control-progress-inner");
    inner?.querySelectorAll(".seek__stretch").forEach((mark) => mark.remove());
    for (const [from, to] of [intro ?? [], outro ? [outro, duration] : []]) {
      if (!(from < to && from < duration)) continue;
      const mark = element("i", { class: "seek__stretch" });
      mark.style.setProperty("--from", `${(100 * from) / duration}%`);
      mark.style.setProperty("--to", `${(100 * Math.min(to, duration)) / duration}%`);
      inner?.append(mark);
    }
  }

  #tell() {
    const { currentTime, duration } = this.player.video;
    this.root.setAttribute("aria-valuemax", String(Math.floor(duration || 0)));
    this.root.setAttribute("aria-valuenow", String(Math.floor(currentTime)));
    this.root.setAttribute("aria-valuetext", `${clock(currentTime)} ${this.player.words.of} ${clock(duration)}`);
  }
}
