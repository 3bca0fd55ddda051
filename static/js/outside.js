// Copies the link to pay. Built-in browsers of apps often have no clipboard API, or refuse it: there the text is selected
// and copied as of old, and where that fails too it stays selected, and a line says how to copy it by hand.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const said = document.getElementById(`${button.dataset.copy}-said`);
  const select = () => {
    field.focus();
    field.setSelectionRange(0, field.value.length);
  };
  const copyAsOfOld = () => {
    select();
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    }
  };
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    let done = false;
    try {
      await navigator.clipboard.writeText(field.value);
      done = true;
    } catch {
      done = copyAsOfOld();
    }
    if (done) button.textContent = button.dataset.copied;
    said.textContent = done ? said.dataset.done : said.dataset.failed;
    if (!done) select();
  });
}
