import { bytes, fill, percent, span } from "./format.js";

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
  constructor(template, transfer, words, { act, remove }) {
    Object.assign(this, { transfer, words });
    this.element = template.content.firstElementChild.cloneNode(true);
    const part = (name) => this.element.querySelector(`[data-${name}]`);
    Object.assign(this, {
      tick: part("tick"),
      title: part("title"),
      bar: part("bar"),
      said: part("said"),
      link: part("link"),
      main: part("main"),
      bin: part("remove"),
    });
    part("name").textContent = transfer.name;
    part("size").textContent = bytes(transfer.size);
    this.title.value =
      transfer.name
        .replace(/\.[^.]{1,5}$/, "")
        .replace(/[._]+/g, " ")
        .trim() || transfer.name;
    this.title.setAttribute("aria-label", transfer.name);
    this.tick.setAttribute("aria-label", transfer.name);
    this.bar.setAttribute("aria-label", transfer.name);
    this.main.addEventListener("click", () => act(transfer));
    this.#label(this.bin, "delete", words.remove);
    this.bin.addEventListener("click", () => remove(transfer));
    this.draw();
  }

  // Can it be put on the shelf?
  get ready() {
    return this.transfer.state === "done";
  }

  draw() {
    const { transfer } = this;
    const unplayable = transfer.state === "done" && transfer.row.video?.state === "failed";
    // Nobody means to put what can't be played on the shelf; who ticks it again does.
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
      transfer.state === "shelved" ||
      (transfer.state === "done" && ["ready", "failed"].includes(transfer.row.video?.state));
    const button = BUTTONS[transfer.state];
    this.main.hidden = !button;
    if (button) this.#label(this.main, SYMBOLS[button], this.words[button]);
    this.bin.hidden = transfer.state === "shelved";
    this.tick.hidden = this.title.hidden = !this.ready;
    this.link.hidden = transfer.state !== "shelved";
  }

  shelved({ url, text }) {
    this.link.href = url;
    this.link.textContent = text;
    this.transfer.state = "shelved";
    this.draw();
  }

  #encoded() {
    const { video } = this.transfer.row;
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
      case "shelved":
        return words.shelved;
      default:
        return fill(words[t.state] ?? "", { percent: at });
    }
  }

  #outcome() {
    const { row, instant } = this.transfer;
    const { words } = this;
    switch (row.video?.state) {
      case "processing":
        return fill(words.processing, { percent: percent(row.video.progress) });
      case "no_room":
        return words.noRoom;
      case "ready":
        return instant ? `${words.instant} ${words.ready}` : words.ready;
      case "failed":
        return fill(words.unplayable, { reason: row.video.failure });
      default:
        return instant ? words.instant : words.uploaded;
    }
  }

  #label(button, symbol, text) {
    button.firstElementChild.textContent = symbol;
    button.title = text;
    button.setAttribute("aria-label", `${text}: ${this.transfer.name}`);
  }
}
