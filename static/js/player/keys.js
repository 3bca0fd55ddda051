// Where keys belong to typing or choosing.
const HELD = "input:not([type=range]), textarea, select, [contenteditable], dialog, [role=menu]";
const SCROLLING = new Set([" ", "ArrowUp", "ArrowDown"]);

/**
 * The key of a keydown that is meant for the player in `box`, else null. The page keeps its own keys, and scrolls by
 * them when most of the player is out of sight.
 *
 * @param {KeyboardEvent} event
 * @param {HTMLElement} box
 */
export function shortcut(event, box) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return null;
  const target = /** @type {Element} */ (event.target);
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (target.closest(HELD)) return null;
  if (target.matches("input[type=range]") && key.startsWith("Arrow")) return null;
  if (key === " " && target.closest("button, a, summary")) return null; // the key presses that
  if (box.contains(target)) return key;
  if ("ownKeys" in box.dataset) return null; // the page has others
  const control = target.closest("a, button, summary, [tabindex]");
  if (control && (key === " " || key.startsWith("Arrow"))) return null;
  return SCROLLING.has(key) && !isInSight(box) ? null : key;
}

/** @param {HTMLElement} box */
function isInSight(box) {
  const { top, bottom, height } = box.getBoundingClientRect();
  return Math.min(bottom, innerHeight) - Math.max(top, 0) > height / 2;
}
