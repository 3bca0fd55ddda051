import { arrangeable } from "../arrange.js";
import { find, findAll } from "../dom.js";

/** @import { Words } from "../player/types" */
/** @import { Row } from "./row.js" */
/** @import { Server } from "./server.js" */
/** @import { EpisodePreview, Errors } from "./types" */

const numberOf = (/** @type {ParentNode} */ line) => find(line, ".arrange__number", HTMLInputElement);
const titleOf = (/** @type {ParentNode} */ line) => find(line, ".arrange__title", HTMLInputElement);

// What the uploaded files become: the form below the list, with a preview of the episodes before they are made.
export class AddUploadsForm {
  #shown = ""; // ids of the files in the preview
  #turn = 0;

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {HTMLFormElement} form
   * @param {Server} server
   * @param {Words} words
   * @param {() => Row[]} rows
   */
  constructor(form, server, words, rows) {
    this.form = form;
    this.server = server;
    this.words = words;
    this.rows = rows;
    this.box = find(form, "[data-arrange]");
    this.list = find(form, "[data-arrange-rows]");
    this.template = find(form, "[data-arrange-row]", HTMLTemplateElement);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    form.addEventListener("change", (event) => {
      const target = /** @type {Element} */ (event.target);
      if (target.matches(".arrange__title")) return;
      // A typed number stands; after another choice the server numbers again.
      if (target.matches(".arrange__number")) this.#preview(true);
      else this.update(true);
    });
    arrangeable(this.list, numberOf, () => this.#soon());
  }

  update(again = false) {
    const way = new FormData(this.form).get("way");
    const rows = this.#chosen();
    this.form.hidden = !this.rows().some((row) => row.ready);
    for (const part of findAll(this.form, "[data-way]")) part.hidden = part.dataset.way !== way;
    this.box.hidden = way === "films" || !rows.length;
    const shown = this.box.hidden ? "" : rows.map((row) => row.id).join();
    if (!again && shown === this.#shown) return;
    this.#shown = shown;
    if (shown) this.#preview(false);
  }

  #chosen() {
    return this.rows().filter((row) => row.ready && row.tick.checked);
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#preview(true), 300);
  }

  /**
   * The form with the files.
   *
   * @param {boolean} numbered with the numbers as they stand in the preview
   */
  #data(numbered) {
    const data = new FormData(this.form);
    const lines = new Map(this.#lines.map((line) => [line.dataset.upload, line]));
    for (const row of this.#chosen()) {
      const { id } = row;
      const line = numbered ? lines.get(id) : undefined;
      data.append("upload", id);
      data.append(`title-${id}`, line ? titleOf(line).value : row.title.value);
      if (line) data.append(`number-${id}`, numberOf(line).value);
    }
    return data;
  }

  /** @param {boolean} numbered */
  async #preview(numbered) {
    const data = this.#data(numbered);
    data.append("preview", "1");
    const turn = ++this.#turn;
    const { places = [], notes = [], errors } = await this.server.send(this.form.action, data, this.words);
    if (turn !== this.#turn) return; // a newer request replaced this one
    this.#say(errors ?? {});
    if (!errors) this.#draw(places, notes);
  }

  get #lines() {
    return /** @type {HTMLElement[]} */ ([...this.list.children]);
  }

  /**
   * @param {EpisodePreview[]} places
   * @param {string[]} notes
   */
  #draw(places, notes) {
    /** @type {HTMLElement | null | undefined} */
    const focused = document.activeElement?.closest(".arrange__row");
    const focus = focused?.dataset.upload;
    const what = document.activeElement?.className;
    const kept = new Map(this.#lines.map((line) => [line.dataset.upload, line]));
    const lines = places.map((place) => {
      const row = this.#chosen().find((one) => one.id === place.upload);
      const fresh = () => /** @type {HTMLElement} */ (this.template.content.firstElementChild?.cloneNode(true));
      const line = kept.get(place.upload) ?? fresh();
      if (!line.dataset.upload) {
        line.dataset.upload = place.upload;
        titleOf(line).value = row?.title.value ?? "";
        find(line, "[data-file]").textContent = row?.transfer.name ?? "";
      }
      numberOf(line).value = String(place.number);
      find(line, "[data-season]").textContent = place.season;
      find(line, "[data-note]").textContent = place.notes.join(" ");
      line.classList.toggle("is-clash", place.clash);
      return line;
    });
    this.list.replaceChildren(...lines);
    const again = focus && lines.find((line) => line.dataset.upload === focus)?.querySelector(`.${what}`);
    if (again instanceof HTMLElement) again.focus();
    find(this.form, "[data-arrange-notes]").replaceChildren(
      ...notes.map((note) => Object.assign(document.createElement("li"), { textContent: note })),
    );
  }

  /** @param {Errors} errors */
  #say(errors) {
    for (const place of findAll(this.form, "[data-errors]")) {
      place.textContent = (errors[place.dataset.errors ?? ""] ?? []).join(" ");
    }
  }

  async #send() {
    clearTimeout(this.#timer);
    const rows = this.#chosen();
    const button = find(this.form, "[type=submit]", HTMLButtonElement);
    button.disabled = true;
    const { rows: made = [], errors = {} } = await this.server.send(
      this.form.action,
      this.#data(!this.box.hidden),
      this.words,
    );
    button.disabled = false;
    this.#say(errors);
    this.form.querySelector("[data-errors]:not(:empty)")?.scrollIntoView({ block: "nearest" });
    for (const one of made) rows.find((row) => row.id === one.upload)?.added(one);
    this.update();
  }
}
