// Where keys belong to typing or choosing.
const HELD = "input:not([type=range]), textarea, select, [contenteditable], dialog, [role=menu]";
const SCROLLING = new Set([" ", "ArrowUp", "ArrowDown"]);

// The key of a keydown that is meant for the player in `box`, else null: the page keeps its own keys, and scrolls by
// them when most of the player is out of sight.
export function shortcut(event, box) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return null;
  const { target } = event;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (target.closest(HELD)) return null;
  if (target.matches("input[type=range]") && key.startsWith("Arrow")) return null;
  if (key === " " && target.closest("button, a, summary")) return null; // it is pressed itself
  if (box.contains(target)) return key;
  if ("ownKeys" in box.dataset) return null; // the page has others
  const control = target.closest("a, button, summary, [tabindex]");
  if (control && (key === " " || key.startsWith("Arrow"))) return null;
  return SCROLLING.has(key) && !inSight(box) ? null : key;
}

function inSight(box) {
  const { top, bottom, height } = box.getBoundingClientRect();
  return Math.min(bottom, innerHeight) - Math.max(top, 0) > height / 2;
}
