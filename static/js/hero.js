const EVERY = 7000; // milliseconds a banner stays

// The home page's carousel: changes by itself, never while pointed at, focused, hidden or with reduced motion.
export function hero() {
  const root = document.querySelector("[data-hero]");
  if (!root) return;
  const slides = [...root.querySelectorAll(".hero__slide")];
  const thumbs = [...root.querySelectorAll("[data-slide]")];
  if (slides.length < 2) return;
  root.querySelector(".hero__thumbs").hidden = false;
  let current = 0;
  const hovers = matchMedia("(hover: hover)"); // a finger that has gone seems to stay
  const held = () =>
    document.hidden || root.matches(":has(:focus-visible)") || (hovers.matches && root.matches(":hover"));
  const show = (next) => {
    slides[current].classList.remove("is-shown");
    thumbs[current].removeAttribute("aria-current");
    current = (next + slides.length) % slides.length;
    slides[current].classList.add("is-shown");
    thumbs[current].setAttribute("aria-current", "true");
  };
  thumbs.forEach((thumb, number) => thumb.addEventListener("click", () => show(number)));
  let from = null;
  root.addEventListener("touchstart", (event) => (from = event.touches[0].clientX), { passive: true });
  root.addEventListener(
    "touchend",
    (event) => {
      const by = event.changedTouches[0].clientX - from;
      if (Math.abs(by) > 50) show(current + (by < 0 ? 1 : -1));
    },
    { passive: true },
  );
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  setInterval(() => held() || show(current + 1), EVERY);
}
