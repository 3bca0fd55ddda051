const EVERY = 10_000; // milliseconds

// The page of what is still being prepared comes back as soon as it plays, unless somebody is writing a comment.
export function waiting(address) {
  const writes = () => [...document.querySelectorAll("textarea")].some((field) => field.value !== field.defaultValue);
  setInterval(async () => {
    if (document.hidden || writes()) return;
    const answer = await fetch(address, { method: "HEAD" }).catch(() => null); // asked again at the next turn
    if (answer?.ok) location.reload();
  }, EVERY);
}
