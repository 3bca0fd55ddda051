import { find } from "../dom.js";
import { bytes, fill } from "./format.js";
import { Row } from "./row.js";
import { Server } from "./server.js";
import { AddUploadsForm } from "./add_form.js";
import { Transfer } from "./transfer.js";

/** @import { UploadConfig, UploadRow } from "./types" */

const AT_ONCE = 2; // files sent at the same time: more would only share the line
const POLL = 3000; // milliseconds
const SOON = 300;
const SETTLED = new Set(["ready", "failed"]);

class Page {
  /** @type {Row[]} */
  rows = [];

  /**
   * @param {HTMLElement} root
   * @param {UploadConfig} config
   */
  constructor(root, config) {
    this.root = root;
    this.config = config;
    this.words = config.words;
    this.server = new Server(config);
    this.hashUrl = root.dataset.hash ?? "";
    this.list = find(root, "[data-rows]");
    this.summary = find(root, "[data-summary]");
    this.notes = find(root, "[data-notes]");
    this.template = find(root, "template[data-row]", HTMLTemplateElement);
    this.input = find(root, "input[type=file]", HTMLInputElement);
    const form = find(root, "[data-add-uploads]", HTMLFormElement);
    this.form = new AddUploadsForm(form, this.server, config.words, () => this.rows);
    this.#drops();
    addEventListener("online", () => this.rows.forEach((row) => row.transfer.online()));
    addEventListener("beforeunload", (event) => {
      if (this.rows.some((row) => row.transfer.busy)) event.preventDefault();
    });
    this.earlier = this.#earlier();
    setInterval(() => this.#poll(), POLL);
  }

  /** Adds what an earlier visit left: to resume, or to make titles of. */
  async #earlier() {
    for (const row of (await this.server.list()) ?? []) this.#add({ row });
  }

  #drops() {
    const { input } = this;
    const zone = find(this.root, "[data-drop]");
    input.addEventListener("change", () => {
      this.#take([...(input.files ?? [])]);
      input.value = "";
    });
    // Anywhere on the page: a file dropped beside the field would make the browser leave.
    addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      zone.classList.add("is-over");
    });
    addEventListener("dragleave", (event) => event.relatedTarget ?? zone.classList.remove("is-over"));
    addEventListener("drop", (event) => {
      event.preventDefault();
      zone.classList.remove("is-over");
      this.#take([...(event.dataTransfer?.files ?? [])]);
    });
  }

  /** @param {File[]} files */
  async #take(files) {
    await this.earlier;
    this.notes.replaceChildren();
    for (const file of files) {
      const known = this.rows
        .map((row) => row.transfer)
        .find((transfer) => transfer.isOf(file) && transfer.state !== "added");
      if (known?.state === "needsFile") known.give(file);
      else if (known) this.#note(file, this.words.twice);
      else if (!file.size) this.#note(file, this.words.empty);
      else if (file.size > this.config.limit)
        this.#note(file, fill(this.words.tooLarge, { size: bytes(this.config.limit) }));
      else this.#add({ file });
    }
  }

  /**
   * @param {File} file
   * @param {string} text why it isn't taken
   */
  #note(file, text) {
    const note = document.createElement("li");
    note.textContent = `${file.name}: ${text}`;
    this.notes.append(note);
  }

  /** @param {{ file: File } | { row: UploadRow }} source */
  #add(source) {
    const { config, server, hashUrl } = this;
    const transfer = new Transfer({ config, server, hashUrl, changed: (t) => this.#changed(t), ...source });
    const row = new Row(this.template, transfer, this.words, {
      act: (t) => this.#act(t),
      remove: (t) => this.#remove(t),
    });
    this.rows.push(row);
    this.list.append(row.element);
    this.#changed(transfer);
  }

  /** @param {Transfer} transfer */
  #act(transfer) {
    if (transfer.state === "needsFile") this.input.click();
    else if (transfer.busy || transfer.state === "queued") transfer.pause();
    else transfer.resume();
  }

  /** @param {Transfer} transfer */
  async #remove(transfer) {
    const question = ["received", "done"].includes(transfer.state)
      ? this.words.confirmForget
      : this.words.confirmRemove;
    if (transfer.state !== "queued" && !confirm(fill(question, { name: transfer.name }))) return;
    const row = this.rows.find((r) => r.transfer === transfer);
    this.rows = this.rows.filter((r) => r !== row);
    row?.element.remove();
    this.#next();
    await transfer.remove();
  }

  /** @param {Transfer} transfer */
  #changed(transfer) {
    this.rows.find((row) => row.transfer === transfer)?.draw();
    if (transfer.state === "received") setTimeout(() => this.#poll(), SOON);
    this.#next();
  }

  /** Starts queued transfers while there is a free place, and updates the rest of the page. */
  #next() {
    const transfers = this.rows.map((row) => row.transfer);
    const free = AT_ONCE - transfers.filter((t) => t.busy).length;
    for (const transfer of transfers.filter((t) => t.state === "queued").slice(0, Math.max(0, free))) transfer.start();
    const done = transfers.filter((t) => ["received", "done", "added"].includes(t.state)).length;
    this.summary.textContent = transfers.length ? fill(this.words.summary, { done, count: transfers.length }) : "";
    this.form.update();
  }

  async #poll() {
    const waiting = this.rows.some(
      ({ transfer: t }) => t.state === "received" || (t.state === "done" && !SETTLED.has(t.row?.video?.state ?? "")),
    );
    if (!waiting || document.hidden) return;
    const found = await this.server.list();
    for (const row of found ?? [])
      this.rows.find(({ transfer }) => transfer.row?.id === row.id && transfer.state !== "added")?.transfer.told(row);
  }
}

const root = document.querySelector("[data-uploads]");
if (root instanceof HTMLElement) new Page(root, JSON.parse(find(document, "#upload-config").textContent ?? ""));
