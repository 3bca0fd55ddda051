// The search box as a state machine: what happened goes in, the next state and what to do about it come out. It knows
// neither the page nor the clock: `at` of an event is in milliseconds. See box.js.

export const QUIET = 120; // milliseconds without a key before a request

/**
 * @typedef {object} Box
 * @property {string} text what is typed
 * @property {boolean} composing an input method is composing
 * @property {boolean} focused
 * @property {boolean} open the list is shown
 * @property {number} count of the options shown
 * @property {number} current the option marked, -1 for none
 * @property {number} asked the number of the latest request
 * @property {boolean} pending that request waits for its answer
 * @property {boolean} wanted the list is to open as soon as there is an answer
 * @property {number | null} due when the next request is to be sent
 * @property {string | null} shown the text that the options belong to
 */

/**
 * @typedef {{ type: "typed", text: string, at: number }
 *   | { type: "focus", text: string, at: number }
 *   | { type: "composing" }
 *   | { type: "composed", text: string, at: number }
 *   | { type: "due", at: number }
 *   | { type: "answer", number: number, text: string, count: number }
 *   | { type: "failed", number: number }
 *   | { type: "key", key: string, alt?: boolean, shift?: boolean, at: number }
 *   | { type: "removed", count: number }
 *   | { type: "leave" }} Happening
 *
 * @typedef {{ type: "ask", number: number, text: string }
 *   | { type: "abort" }
 *   | { type: "announce", count: number }
 *   | { type: "pick", option: number }
 *   | { type: "remove", option: number }
 *   | { type: "keep" }} Task "keep": the browser isn't to act on the key
 */

/** @type {Box} */
export const START = {
  text: "",
  composing: false,
  focused: false,
  open: false,
  count: 0,
  current: -1,
  asked: 0,
  pending: false,
  wanted: false,
  due: null,
  shown: null,
};

/** @param {Box} box @returns {Box} */
const closed = (box) => ({ ...box, open: false, current: -1, due: null, pending: false, wanted: false });

/**
 * @param {Box} box
 * @param {string} text
 * @param {number} due
 * @returns {[Box, Task[]]}
 */
function retyped(box, text, due) {
  const same = text.trim() === box.text.trim() && (box.pending || box.shown === text.trim());
  if (same && box.due === null) return [{ ...box, text, wanted: true, open: box.open || ready(box) }, []];
  return [{ ...box, text, due, current: -1, pending: false, wanted: true }, box.pending ? [{ type: "abort" }] : []];
}

/** @param {Box} box */
const ready = (box) => !box.pending && box.shown !== null && box.count > 0;

/**
 * @param {Box} box
 * @param {Happening} what
 * @returns {[Box, Task[]]} the next state, and what is to be done, in order
 */
export function next(box, what) {
  switch (what.type) {
    case "typed":
      if (box.composing) return [{ ...box, text: what.text }, []];
      return retyped({ ...box, focused: true }, what.text, what.at + QUIET);
    case "focus":
      return retyped({ ...box, focused: true }, what.text, what.at);
    case "composing":
      return [{ ...box, composing: true, due: null }, []];
    case "composed":
      return retyped({ ...box, composing: false, text: "", shown: null }, what.text, what.at + QUIET);
    case "due": {
      if (box.due === null || what.at < box.due || box.composing) return [box, []];
      const number = box.asked + 1;
      return [{ ...box, due: null, asked: number, pending: true }, [{ type: "ask", number, text: box.text.trim() }]];
    }
    case "answer": {
      if (!box.pending || what.number !== box.asked) return [box, []]; // an older one: a newer request is under way
      const open = box.focused && box.wanted && what.count > 0;
      return [
        { ...box, pending: false, count: what.count, shown: what.text, open, current: -1 },
        box.focused && box.wanted ? [{ type: "announce", count: what.count }] : [],
      ];
    }
    case "failed":
      if (!box.pending || what.number !== box.asked) return [box, []]; // aborted: what was typed since is due
      return [{ ...closed(box), count: 0, shown: null }, []]; // the search itself will say what is wrong
    case "removed":
      return [
        { ...box, count: what.count, current: Math.min(box.current, what.count - 1), open: box.open && what.count > 0 },
        [{ type: "announce", count: what.count }],
      ];
    case "leave":
      return [{ ...closed(box), focused: false, composing: false }, box.pending ? [{ type: "abort" }] : []];
    case "key":
      return box.composing ? [box, []] : pressed(box, what);
  }
}

/**
 * Keys of an editable combobox with a list (ARIA Authoring Practices).
 *
 * @param {Box} box
 * @param {{ key: string, alt?: boolean, shift?: boolean, at: number }} pressed
 * @returns {[Box, Task[]]}
 */
function pressed(box, { key, alt, shift, at }) {
  const { open, count, current } = box;
  /** @type {(option: number) => [Box, Task[]]} */
  const mark = (option) => [{ ...box, current: option }, [{ type: "keep" }]];
  if (!open) {
    if (key !== "ArrowDown" && key !== "ArrowUp") return [box, []];
    if (ready(box) && box.shown === box.text.trim()) {
      const first = alt ? -1 : key === "ArrowDown" ? 0 : count - 1;
      return [{ ...box, open: true, wanted: true, current: first }, [{ type: "keep" }]];
    }
    return [{ ...box, due: box.pending ? box.due : at, wanted: true }, [{ type: "keep" }]];
  }
  switch (key) {
    case "ArrowDown":
      return alt ? [box, [{ type: "keep" }]] : mark(current + 1 < count ? current + 1 : -1);
    case "ArrowUp":
      if (alt) return [closed(box), [{ type: "keep" }]];
      return mark(current < 0 ? count - 1 : current - 1);
    case "Home":
      return current < 0 ? [box, []] : mark(0); // without a marked option the key moves the caret
    case "End":
      return current < 0 ? [box, []] : mark(count - 1);
    case "Escape":
      return [closed(box), [...(box.pending ? [/** @type {Task} */ ({ type: "abort" })] : []), { type: "keep" }]];
    case "Enter":
      if (current < 0) return [closed(box), []]; // the form is sent
      return [closed(box), [{ type: "keep" }, { type: "pick", option: current }]];
    case "Delete":
      if (!shift || current < 0) return [box, []];
      return [box, [{ type: "keep" }, { type: "remove", option: current }]];
    case "ArrowLeft":
    case "ArrowRight":
      return [{ ...box, current: -1 }, []];
    default:
      return [box, []];
  }
}
