import { find, findAll } from "./dom.js";

const EVERY = 7000; // milliseconds a banner stays
const SWIPE = 50; // pixels

/** The home page's carousel. It moves automatically, never while hovered, focused, hidden or with reduced motion. */
export function hero() {
  const root = document.querySelector("[data-hero]");
  if (!(root instanceof HTMLElement)) return;
  const slides = findAll(root, ".hero__slide");
  const thumbs = findAll(root, "[data-slide]");
  if (slides.length < 2) return;
  find(root, ".hero__thumbs").hidden = false;
  let current = 0;
  const hovers = matchMedia("(hover: hover)"); // a finger that has left still seems to hover
  const isHeld = () =>
    document.hidden || root.matches(":has(:focus-visible)") || (hovers.matches && root.matches(":hover"));
  const show = (/** @type {number} */ next) => {
    slides[current].classList.remove("is-shown");
    thumbs[current].removeAttribute("aria-current");
    current = (next + slides.length) % slides.length;
    slides[current].classList.add("is-shown");
    thumbs[current].setAttribute("aria-current", "true");
  };
  thumbs.forEach((thumb, number) => thumb.addEventListener("click", () => show(number)));
  let from = 0;
  root.addEventListener("touchstart", (event) => (from = event.touches[0].clientX), { passive: true });
  const swipe = (/** @type {TouchEvent} */ event) => {
    const by = event.changedTouches[0].clientX - from;
    if (Math.abs(by) > SWIPE) show(current + (by < 0 ? 1 : -1));
  };
  root.addEventListener("touchend", swipe, { passive: true });
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  setInterval(() => isHeld() || show(current + 1), EVERY);
}
