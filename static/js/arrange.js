const EDGE = 60; // pixels from the window's edge within which it scrolls
const STEP = 12; // pixels of each scroll

/**
 * Makes the lines of a list movable by dragging, or by Alt and an arrow key. The numbers stay: the lines move through
 * them.
 *
 * @param {HTMLElement} list
 * @param {(line: HTMLElement) => HTMLInputElement} numberOf
 * @param {() => void} [moved]
 */
export function arrangeable(list, numberOf, moved = () => {}) {
  /** @type {HTMLElement | null} */
  let held = null;
  const lines = () => /** @type {HTMLElement[]} */ ([...list.children]);
  const lineOf = (/** @type {Event} */ { target }, selector = "*") => {
    const line = target instanceof Element ? target.closest(selector)?.closest("li") : null;
    return line?.parentElement === list ? line : null;
  };
  const move = (/** @type {HTMLElement} */ line, /** @type {Element | null} */ before) => {
    const numbers = lines().map((l) => numberOf(l).value);
    list.insertBefore(line, before);
    lines().forEach((l, n) => (numberOf(l).value = numbers[n]));
    moved();
  };
  list.addEventListener("pointerdown", (event) => {
    const line = lineOf(event, "[data-grip], .arrange__grip");
    if (!line) return;
    event.preventDefault();
    held = line;
    line.classList.add("is-held");
    list.setPointerCapture(event.pointerId);
  });
  list.addEventListener("pointermove", ({ clientY }) => {
    if (!held) return;
    if (clientY < EDGE) scrollBy(0, -STEP);
    else if (clientY > innerHeight - EDGE) scrollBy(0, STEP);
    const isAbove = (/** @type {HTMLElement} */ l) => clientY < l.getBoundingClientRect().top + l.offsetHeight / 2;
    const next = lines().find((l) => l !== held && isAbove(l)) ?? null;
    if (next !== held.nextElementSibling) move(held, next);
  });
  const drop = () => {
    held?.classList.remove("is-held");
    held = null;
  };
  list.addEventListener("pointerup", drop);
  list.addEventListener("pointercancel", drop);
  list.addEventListener("keydown", (event) => {
    const line = lineOf(event);
    if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key) || !line) return;
    event.preventDefault();
    const up = event.key === "ArrowUp";
    const other = up ? line.previousElementSibling : line.nextElementSibling;
    if (!other) return;
    move(line, up ? other : other.nextElementSibling);
    if (event.target instanceof HTMLElement) event.target.focus();
  });
}
