import { find } from "../dom.js";
import { bytes, fill, percent, span } from "./format.js";
import { titleOf } from "./states.js";

/** @import { Words } from "../player/types" */
/** @import { State } from "./states.js" */
/** @import { Transfer } from "./transfer.js" */
/** @import { Made } from "./types" */

/** @type {Partial<Record<State, "pause" | "resume" | "retry">>} the main button in each state */
const BUTTONS = {
  checking: "pause",
  sending: "pause",
  lost: "pause",
  queued: "pause",
  paused: "resume",
  failed: "retry",
  needsFile: "resume",
};
const SYMBOLS = { pause: "pause", resume: "play_arrow", retry: "refresh" };

// A transfer as one line of the list, from the page's <template>.
export class Row {
  /**
   * @param {HTMLTemplateElement} template
   * @param {Transfer} transfer
   * @param {Words} words
   * @param {Record<"act" | "remove", (transfer: Transfer) => void>} on presses of its buttons
   */
  constructor(template, transfer, words, { act, remove }) {
    this.transfer = transfer;
    this.words = words;
    this.element = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
    this.tick = find(this.element, "[data-tick]", HTMLInputElement);
    this.title = find(this.element, "[data-title]", HTMLInputElement);
    this.bar = find(this.element, "[data-bar]", HTMLProgressElement);
    this.said = find(this.element, "[data-said]");
    this.link = find(this.element, "[data-link]", HTMLAnchorElement);
    this.main = find(this.element, "[data-main]", HTMLButtonElement);
    this.bin = find(this.element, "[data-remove]", HTMLButtonElement);
    find(this.element, "[data-name]").textContent = transfer.name;
    find(this.element, "[data-size]").textContent = bytes(transfer.size);
    this.title.value = titleOf(transfer.name);
    this.title.setAttribute("aria-label", transfer.name);
    this.tick.setAttribute("aria-label", transfer.name);
    this.bar.setAttribute("aria-label", transfer.name);
    this.main.addEventListener("click", () => act(transfer));
    this.#label(this.bin, "delete", words.remove);
    this.bin.addEventListener("click", () => remove(transfer));
    this.draw();
  }

  /** Whether it can become an episode or a title. */
  get ready() {
    return this.transfer.state === "done";
  }

  /** The id of its upload. */
  get id() {
    return this.transfer.row?.id ?? "";
  }

  draw() {
    const { transfer } = this;
    const unplayable = transfer.state === "done" && transfer.row?.video?.state === "failed";
    // A file that can't be played is left out unless the user ticks it again.
    if (unplayable && this.element.dataset.state !== "unplayable") this.tick.checked = false;
    this.element.dataset.state = unplayable ? "unplayable" : transfer.state;
    this.said.textContent = this.#text();
    this.bar.value =
      transfer.state === "checking"
        ? transfer.checked
        : transfer.state === "done"
          ? this.#encoded()
          : transfer.sent / transfer.size;
    this.bar.hidden =
      transfer.state === "added" ||
      (transfer.state === "done" && ["ready", "failed"].includes(transfer.row?.video?.state ?? ""));
    const button = BUTTONS[transfer.state];
    this.main.hidden = !button;
    if (button) this.#label(this.main, SYMBOLS[button], this.words[button]);
    this.bin.hidden = transfer.state === "added";
    this.tick.hidden = this.title.hidden = !this.ready;
    this.link.hidden = transfer.state !== "added";
  }

  /** @param {Made} made what became of it */
  added({ url, text }) {
    this.link.href = url;
    this.link.textContent = text;
    this.transfer.state = "added";
    this.draw();
  }

  #encoded() {
    const video = this.transfer.row?.video;
    return video?.state === "ready" ? 1 : (video?.progress ?? 0);
  }

  #text() {
    const { transfer: t, words } = this;
    const at = percent(t.size ? t.sent / t.size : 0);
    switch (t.state) {
      case "checking":
        return fill(words.checking, { percent: percent(t.checked) });
      case "sending":
        return t.speed
          ? fill(words.sending, {
              percent: at,
              speed: `${bytes(t.speed)}/s`,
              left: span((t.size - t.sent) / t.speed, words),
            })
          : at;
      case "lost":
        return t.message || fill(words.lost, { percent: at });
      case "failed":
        return t.message;
      case "done":
        return this.#outcome();
      case "added":
        return words.added;
      default:
        return fill(words[t.state] ?? "", { percent: at });
    }
  }

  #outcome() {
    const { row, instant } = this.transfer;
    const { words } = this;
    const video = row?.video;
    switch (video?.state) {
      case "processing":
        return fill(words.processing, { percent: percent(video?.progress ?? 0) });
      case "no_room":
        return words.noRoom;
      case "ready":
        return instant ? `${words.instant} ${words.ready}` : words.ready;
      case "failed":
        return fill(words.unplayable, { reason: video?.failure ?? "" });
      default:
        return instant ? words.instant : words.uploaded;
    }
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {string} symbol
   * @param {string} text
   */
  #label(button, symbol, text) {
    find(button, "span").textContent = symbol;
    button.title = text;
    button.setAttribute("aria-label", `${text}: ${this.transfer.name}`);
  }
}
