// A list whose lines are moved by dragging, or by Alt and an arrow key. The numbers stay: the lines move through them.
export function arrangeable(list, numberOf, moved = () => {}) {
  let held = null;
  const lines = () => [...list.children];
  const move = (line, before) => {
    const numbers = lines().map((l) => numberOf(l).value);
    list.insertBefore(line, before);
    lines().forEach((l, n) => (numberOf(l).value = numbers[n]));
    moved();
  };
  list.addEventListener("pointerdown", (event) => {
    const line = event.target.closest("[data-grip], .arrange__grip")?.closest("li");
    if (!line || line.parentElement !== list) return;
    event.preventDefault();
    held = line;
    line.classList.add("is-held");
    list.setPointerCapture(event.pointerId);
  });
  list.addEventListener("pointermove", (event) => {
    if (!held) return;
    const edge = 60; // pixels from the window's edge within which it scrolls
    if (event.clientY < edge) scrollBy(0, -12);
    else if (event.clientY > innerHeight - edge) scrollBy(0, 12);
    const next =
      lines().find((l) => l !== held && event.clientY < l.getBoundingClientRect().top + l.offsetHeight / 2) ?? null;
    if (next !== held.nextElementSibling) move(held, next);
  });
  const drop = () => {
    held?.classList.remove("is-held");
    held = null;
  };
  list.addEventListener("pointerup", drop);
  list.addEventListener("pointercancel", drop);
  list.addEventListener("keydown", (event) => {
    const line = event.target.closest("li");
    if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key) || line?.parentElement !== list) return;
    event.preventDefault();
    const up = event.key === "ArrowUp";
    const other = up ? line.previousElementSibling : line.nextElementSibling;
    if (!other) return;
    move(line, up ? other : other.nextElementSibling);
    event.target.focus();
  });
}
