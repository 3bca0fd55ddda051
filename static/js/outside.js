import { find, findAll } from "./dom.js";

// Copies the payment link. In-app browsers often lack the clipboard API or refuse it. There the script selects the text
// and copies it by the old command; where that fails too, the text stays selected and a line explains how to copy it by
// hand.
for (const button of findAll(document, "[data-copy]")) {
  const field = find(document, `#${button.dataset.copy}`, HTMLInputElement);
  const said = find(document, `#${button.dataset.copy}-said`);
  const select = () => {
    field.focus();
    field.setSelectionRange(0, field.value.length);
  };
  const copyByCommand = () => {
    select();
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    }
  };
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      return true;
    } catch {
      return copyByCommand();
    }
  };
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    const done = await copy();
    if (done) button.textContent = button.dataset.copied ?? "";
    said.textContent = (done ? said.dataset.done : said.dataset.failed) ?? "";
    if (!done) select();
  });
}
