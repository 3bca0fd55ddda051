// Offers to unfold a text only where a part of it is hidden, at whatever width.
export function unfold(details) {
  if (!details) return;
  const text = details.querySelector(".summary__text");
  new ResizeObserver(() => {
    if (!details.open) details.classList.toggle("is-whole", text.scrollHeight <= text.clientHeight + 1);
  }).observe(text);
}
