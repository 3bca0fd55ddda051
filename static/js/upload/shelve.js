import { arrangeable } from "../arrange.js";

// What the uploaded files become: the form below the list, with a preview of the episodes before they are made.
export class ShelveForm {
  constructor(form, server, words, rows) {
    Object.assign(this, { form, server, words, rows });
    this.box = form.querySelector("[data-arrange]");
    this.list = form.querySelector("[data-arrange-rows]");
    this.template = form.querySelector("[data-arrange-row]");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    form.addEventListener("change", (event) => {
      if (event.target.matches(".arrange__title")) return;
      // A typed number stands; another way, title or first number is read anew.
      if (event.target.matches(".arrange__number")) this.#preview(true);
      else this.update(true);
    });
    arrangeable(
      this.list,
      (line) => line.querySelector(".arrange__number"),
      () => this.#soon(),
    );
  }

  update(anew = false) {
    const way = new FormData(this.form).get("way");
    const rows = this.#chosen();
    this.form.hidden = !this.rows().some((row) => row.ready);
    for (const part of this.form.querySelectorAll("[data-way]")) part.hidden = part.dataset.way !== way;
    this.box.hidden = way === "films" || !rows.length;
    const shown = this.box.hidden ? "" : rows.map((row) => row.transfer.row.id).join();
    if (!anew && shown === this.shown) return;
    this.shown = shown;
    if (shown) this.#preview(false);
  }

  #chosen() {
    return this.rows().filter((row) => row.ready && row.tick.checked);
  }

  #soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#preview(true), 300);
  }

  // The form with the files; `numbered`: with the numbers as they stand in the preview.
  #data(numbered) {
    const data = new FormData(this.form);
    const lines = new Map([...this.list.children].map((line) => [line.dataset.upload, line]));
    for (const row of this.#chosen()) {
      const { id } = row.transfer.row;
      const line = numbered && lines.get(id);
      data.append("upload", id);
      data.append(`title-${id}`, line ? line.querySelector(".arrange__title").value : row.title.value);
      if (line) data.append(`number-${id}`, line.querySelector(".arrange__number").value);
    }
    return data;
  }

  async #preview(numbered) {
    const data = this.#data(numbered);
    data.append("preview", "1");
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const { places = [], notes = [], errors } = await this.server.send(this.form.action, data, this.words);
    if (turn !== this.turn) return; // a later one was asked for
    this.#say(errors ?? {});
    if (!errors) this.#draw(places, notes);
  }

  #draw(places, notes) {
    const focus = document.activeElement?.closest(".arrange__row")?.dataset.upload;
    const what = document.activeElement?.className;
    const kept = new Map([...this.list.children].map((line) => [line.dataset.upload, line]));
    const lines = places.map((place) => {
      const row = this.#chosen().find((one) => one.transfer.row.id === place.upload);
      const line = kept.get(place.upload) ?? this.template.content.firstElementChild.cloneNode(true);
      if (!line.dataset.upload) {
        line.dataset.upload = place.upload;
        line.querySelector(".arrange__title").value = row?.title.value ?? "";
        line.querySelector("[data-file]").textContent = row?.transfer.name ?? "";
      }
      line.querySelector(".arrange__number").value = place.number;
      line.querySelector("[data-season]").textContent = place.season;
      line.querySelector("[data-note]").textContent = place.notes.join(" ");
      line.classList.toggle("is-clash", place.clash);
      return line;
    });
    this.list.replaceChildren(...lines);
    if (focus)
      lines
        .find((line) => line.dataset.upload === focus)
        ?.querySelector(`.${what}`)
        ?.focus();
    this.form
      .querySelector("[data-arrange-notes]")
      .replaceChildren(...notes.map((note) => Object.assign(document.createElement("li"), { textContent: note })));
  }

  #say(errors) {
    for (const place of this.form.querySelectorAll("[data-errors]"))
      place.textContent = (errors[place.dataset.errors] ?? []).join(" ");
  }

  async #send() {
    clearTimeout(this.timer);
    const rows = this.#chosen();
    const button = this.form.querySelector("[type=submit]");
    button.disabled = true;
    const { rows: made = [], errors = {} } = await this.server.send(
      this.form.action,
      this.#data(!this.box.hidden),
      this.words,
    );
    button.disabled = false;
    this.#say(errors);
    this.form.querySelector("[data-errors]:not(:empty)")?.scrollIntoView({ block: "nearest" });
    for (const one of made) rows.find((row) => row.transfer.row.id === one.upload)?.shelved(one);
    this.update();
  }
}
