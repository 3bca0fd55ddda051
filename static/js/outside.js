// Copies the link to pay. Built-in browsers of apps often have no clipboard API: there the text is selected and copied as of old.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  field.addEventListener("focus", () => field.select());
  button.addEventListener("click", async () => {
    let done = false;
    try {
      await navigator.clipboard.writeText(field.value);
      done = true;
    } catch {
      field.focus();
      field.setSelectionRange(0, field.value.length);
      done = document.execCommand("copy");
    }
    if (done) button.textContent = button.dataset.copied;
  });
}

// While the money is on its way the page is shown anew, every so many seconds.
const again = document.querySelector("[data-again]");
if (again) setTimeout(() => location.reload(), again.dataset.again * 1000);
