const EVERY = 3000; // milliseconds

// Renews what the administration's pages show of the queue and of encodes that wait or run, while there is any.
async function look() {
  const going = [...document.querySelectorAll("[data-encoding]")];
  if (!going.length) return;
  if (!document.hidden) await renew(going);
  setTimeout(look, EVERY);
}

async function renew(going) {
  const ids = new Set(going.map((row) => row.dataset.encoding));
  const url = `${going[0].dataset.encodingUrl}?ids=${[...ids]}`;
  const answer = await fetch(url).catch(() => null); // the next look tries again
  if (!answer?.ok || answer.redirected) return;
  const rows = await answer.json();
  for (const row of going) if (rows[row.dataset.encoding]) replace(row, rows[row.dataset.encoding]);
}

// A button that is being pressed stays until it is let go; one that has the focus keeps it.
function replace(row, html) {
  if (row.matches(":active")) return;
  const focused = row.contains(document.activeElement) ? document.activeElement.id : "";
  row.outerHTML = html;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

setTimeout(look, EVERY);
