// What the uploaded files become: the form below the list.
export class ShelveForm {
  constructor(form, server, words, rows) {
    Object.assign(this, { form, server, words, rows });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    form.addEventListener("change", () => this.update());
  }

  update() {
    const way = new FormData(this.form).get("way");
    this.form.hidden = !this.rows().some((row) => row.ready);
    for (const part of this.form.querySelectorAll("[data-way]")) part.hidden = part.dataset.way !== way;
  }

  async #send() {
    const rows = this.rows().filter((row) => row.ready && row.tick.checked);
    const data = new FormData(this.form);
    for (const row of rows) {
      data.append("upload", row.transfer.row.id);
      data.append(`title-${row.transfer.row.id}`, row.title.value);
    }
    const button = this.form.querySelector("[type=submit]");
    button.disabled = true;
    const { rows: made = [], errors = {} } = await this.server.send(this.form.action, data, this.words);
    button.disabled = false;
    for (const place of this.form.querySelectorAll("[data-errors]")) place.textContent = (errors[place.dataset.errors] ?? []).join(" ");
    this.form.querySelector("[data-errors]:not(:empty)")?.scrollIntoView({ block: "nearest" });
    for (const one of made) rows.find((row) => row.transfer.row.id === one.upload)?.shelved(one);
    this.update();
  }
}
