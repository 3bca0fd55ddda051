import { find } from "./dom.js";

/**
 * Offers to unfold a text only where part of it is hidden, at whatever width.
 *
 * @param {Element | null} details
 */
export function unfold(details) {
  if (!(details instanceof HTMLDetailsElement)) return;
  const text = find(details, ".summary__text");
  new ResizeObserver(() => {
    if (!details.open) details.classList.toggle("is-whole", text.scrollHeight <= text.clientHeight + 1);
  }).observe(text);
}
