const EVERY = 3000; // milliseconds

// Renews what the administration's pages show of encodes that wait or run, until none does.
async function look() {
  const going = [...document.querySelectorAll("[data-encoding]")];
  if (!going.length) return;
  if (!document.hidden) await renew(going);
  setTimeout(look, EVERY);
}

async function renew(going) {
  const ids = new Set(going.map((row) => row.dataset.encoding));
  const answer = await fetch(`${going[0].dataset.encodingUrl}?ids=${[...ids]}`).catch(() => null); // the next look asks again
  if (!answer?.ok || answer.redirected) return;
  const rows = await answer.json();
  for (const row of going) if (rows[row.dataset.encoding]) row.outerHTML = rows[row.dataset.encoding];
}

setTimeout(look, EVERY);
