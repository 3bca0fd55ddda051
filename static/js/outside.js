// Copies the payment link. In-app browsers often lack the clipboard API or refuse it. There the script selects the text
// and copies it by the old command; where that fails too, the text stays selected and a line explains how to copy it by
// hand.
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
