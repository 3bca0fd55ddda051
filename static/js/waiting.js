const EVERY = 10_000; // milliseconds

/**
 * Reloads the page of a title that is still being prepared as soon as it plays, unless the viewer is writing a comment.
 *
 * @param {string} address that answers once it plays
 */
export function waiting(address) {
  const writes = () => [...document.querySelectorAll("textarea")].some((field) => field.value !== field.defaultValue);
  setInterval(async () => {
    if (document.hidden || writes()) return;
    const answer = await fetch(address, { method: "HEAD" }).catch(() => null); // the next turn asks again
    if (answer?.ok) location.reload();
  }, EVERY);
}
