const EVERY = 3000; // milliseconds

/** Renews what the administration's pages show of the queue and of encodes that wait or run, while there are any. */
async function look() {
  /** @type {HTMLElement[]} */
  const going = [...document.querySelectorAll("[data-encoding]")].filter((row) => row instanceof HTMLElement);
  if (!going.length) return;
  if (!document.hidden) await renew(going);
  setTimeout(look, EVERY);
}

/** @param {HTMLElement[]} going */
async function renew(going) {
  const ids = new Set(going.map((row) => row.dataset.encoding ?? ""));
  const url = `${going[0].dataset.encodingUrl}?ids=${[...ids]}`;
  const answer = await fetch(url).catch(() => null); // the next look tries again
  if (!answer?.ok || answer.redirected) return;
  /** @type {Record<string, string>} HTML, by id */
  const rows = await answer.json();
  for (const row of going) {
    const html = rows[row.dataset.encoding ?? ""];
    if (html) replace(row, html);
  }
}

/**
 * Replaces a row. A button that is being pressed stays until it is released; one that has the focus keeps it.
 *
 * @param {HTMLElement} row
 * @param {string} html
 */
function replace(row, html) {
  if (row.matches(":active")) return;
  const focused = row.contains(document.activeElement) ? document.activeElement?.id : "";
  row.outerHTML = html;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

setTimeout(look, EVERY);
