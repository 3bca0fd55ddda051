import assert from "node:assert/strict";
import { test } from "node:test";
import { next, QUIET, START } from "../../static/js/search/machine.js";

/** @import { Box, Happening, Task } from "../../static/js/search/machine.js" */

/** A box, and everything it has asked for so far. */
class Session {
  /** @type {Box} */
  box = START;

  /** @param {Happening} what */
  happen(what) {
    const [box, tasks] = next(this.box, what);
    this.box = box;
    return tasks.map(said);
  }

  /**
   * @param {string} key
   * @param {{ alt?: boolean, shift?: boolean }} [held]
   */
  press(key, held = {}) {
    return this.happen({ type: "key", key, at: 5000, ...held });
  }

  /**
   * Types and has it answered.
   *
   * @param {string} text
   * @param {number} count
   */
  answered(text, count) {
    this.happen({ type: "typed", text, at: 0 });
    this.happen({ type: "due", at: QUIET });
    return this.happen({ type: "answer", number: this.box.asked, text, count });
  }
}

/** @param {Task} task */
function said(task) {
  if (task.type === "ask") return `ask ${task.number} ${task.text}`;
  if (task.type === "announce") return `announce ${task.count}`;
  if (task.type === "pick" || task.type === "remove") return `${task.type} ${task.option}`;
  return task.type;
}

test("keys less than 120 ms apart make one request, 120 ms after the last", () => {
  const session = new Session();
  assert.equal(QUIET, 120);
  for (const [text, at] of /** @type {[string, number][]} */ ([
    ["l", 0],
    ["ll", 60],
    ["lld", 119],
  ])) {
    assert.deepEqual(session.happen({ type: "typed", text, at }), []);
    assert.deepEqual(session.happen({ type: "due", at: at + 59 }), []);
  }
  assert.deepEqual(session.happen({ type: "due", at: 238.9 }), []);
  assert.deepEqual(session.happen({ type: "due", at: 239 }), ["ask 1 lld"]);
  assert.deepEqual(session.happen({ type: "due", at: 9999 }), []);
});

test("an answer opens the list and is announced", () => {
  const session = new Session();
  assert.deepEqual(session.answered("l", 3), ["announce 3"]);
  assert.equal(session.box.open, true);
  assert.equal(session.box.current, -1);
});

test("nothing found leaves the list closed, and says so", () => {
  const session = new Session();
  assert.deepEqual(session.answered("zzz", 0), ["announce 0"]);
  assert.equal(session.box.open, false);
});

test("an answer that is older than the latest request is dropped", () => {
  const session = new Session();
  session.happen({ type: "typed", text: "l", at: 0 });
  session.happen({ type: "due", at: 120 });
  assert.deepEqual(session.happen({ type: "typed", text: "ll", at: 200 }), ["abort"]);
  assert.deepEqual(session.happen({ type: "answer", number: 1, text: "l", count: 9 }), []);
  assert.equal(session.box.open, false);
  assert.deepEqual(session.happen({ type: "due", at: 320 }), ["ask 2 ll"]);
  assert.deepEqual(session.happen({ type: "answer", number: 1, text: "l", count: 9 }), []);
  assert.deepEqual(session.happen({ type: "answer", number: 2, text: "ll", count: 4 }), ["announce 4"]);
  assert.equal(session.box.count, 4);
});

test("an input method that composes asks for nothing and keeps its keys", () => {
  const session = new Session();
  session.happen({ type: "typed", text: "流", at: 0 });
  session.happen({ type: "composing" });
  session.happen({ type: "typed", text: "流l", at: 100 });
  assert.equal(session.box.due, null);
  assert.deepEqual(session.happen({ type: "due", at: 5000 }), []);
  assert.deepEqual(session.press("ArrowDown"), []);
  assert.deepEqual(session.press("Enter"), []);
  session.happen({ type: "composed", text: "流浪", at: 6000 });
  assert.deepEqual(session.happen({ type: "due", at: 6000 + QUIET }), ["ask 1 流浪"]);
});

test("a composition that was given up asks again for what stood there", () => {
  const session = new Session();
  session.answered("流", 2);
  session.happen({ type: "composing" });
  session.happen({ type: "composed", text: "流", at: 900 });
  assert.deepEqual(session.happen({ type: "due", at: 900 + QUIET }), ["ask 2 流"]);
});

test("the box asks at once when it gets the focus, and once for the same text", () => {
  const session = new Session();
  session.happen({ type: "focus", text: "", at: 50 });
  assert.deepEqual(session.happen({ type: "due", at: 50 }), ["ask 1 "]);
  session.happen({ type: "focus", text: "", at: 60 }); // the click that follows
  assert.deepEqual(session.happen({ type: "due", at: 999 }), []);
  assert.deepEqual(session.happen({ type: "answer", number: 1, text: "", count: 5 }), ["announce 5"]);
});

test("the arrows go round through the field itself", () => {
  const session = new Session();
  session.answered("l", 2);
  const places = ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp"].map((key) => {
    assert.deepEqual(session.press(key), ["keep"]);
    return session.box.current;
  });
  assert.deepEqual(places, [0, 1, -1, 1, 0]);
});

test("Home and End go to the first and last option, and move the caret while none is marked", () => {
  const session = new Session();
  session.answered("l", 3);
  assert.deepEqual(session.press("End"), []);
  assert.equal(session.box.current, -1);
  session.press("ArrowDown");
  session.press("End");
  assert.equal(session.box.current, 2);
  session.press("Home");
  assert.equal(session.box.current, 0);
  assert.deepEqual(session.press("ArrowRight"), []);
  assert.equal(session.box.current, -1);
});

test("Enter picks what is marked, and else sends the form", () => {
  const session = new Session();
  session.answered("l", 3);
  assert.deepEqual(session.press("Enter"), []);
  assert.equal(session.box.open, false);
  session.answered("ll", 3);
  session.press("ArrowUp");
  assert.deepEqual(session.press("Enter"), ["keep", "pick 2"]);
  assert.equal(session.box.open, false);
});

test("Escape closes the list, and then belongs to the browser", () => {
  const session = new Session();
  session.answered("l", 3);
  assert.deepEqual(session.press("Escape"), ["keep"]);
  assert.equal(session.box.open, false);
  assert.deepEqual(session.press("Escape"), []);
});

test("an arrow opens the closed list again, without a request for the same text", () => {
  const session = new Session();
  session.answered("l", 3);
  session.press("Escape");
  assert.deepEqual(session.press("ArrowDown"), ["keep"]);
  assert.deepEqual([session.box.open, session.box.current, session.box.due], [true, 0, null]);
  session.press("ArrowUp", { alt: true });
  assert.equal(session.box.open, false);
  session.press("ArrowDown", { alt: true });
  assert.deepEqual([session.box.open, session.box.current], [true, -1]);
});

test("an arrow in a box that has no answer yet asks for one", () => {
  const session = new Session();
  assert.deepEqual(session.press("ArrowDown"), ["keep"]);
  session.happen({ type: "due", at: 5000 });
  assert.equal(session.box.pending, true);
});

test("leaving drops what is under way, and a late answer opens nothing", () => {
  const session = new Session();
  session.happen({ type: "typed", text: "l", at: 0 });
  session.happen({ type: "due", at: 120 });
  assert.deepEqual(session.happen({ type: "leave" }), ["abort"]);
  assert.deepEqual(session.happen({ type: "answer", number: 1, text: "l", count: 3 }), []);
  assert.equal(session.box.open, false);
  session.happen({ type: "typed", text: "ll", at: 900 });
  session.happen({ type: "leave" });
  assert.deepEqual(session.happen({ type: "due", at: 5000 }), []);
});

test("a failed request closes the list; typing on asks again", () => {
  const session = new Session();
  session.happen({ type: "typed", text: "l", at: 0 });
  session.happen({ type: "due", at: 120 });
  assert.deepEqual(session.happen({ type: "failed", number: 1 }), []);
  session.happen({ type: "typed", text: "l ", at: 500 });
  assert.deepEqual(session.happen({ type: "due", at: 620 }), ["ask 2 l"]);
});

test("a request aborted for a newer text doesn't keep that text from being asked for", () => {
  const session = new Session();
  session.happen({ type: "focus", text: "", at: 0 });
  session.happen({ type: "due", at: 0 });
  assert.deepEqual(session.happen({ type: "typed", text: "海", at: 5 }), ["abort"]);
  session.happen({ type: "failed", number: 1 });
  assert.deepEqual(session.happen({ type: "due", at: 125 }), ["ask 2 海"]);
});

test("Shift and Delete remove the marked search, and the mark stays inside the list", () => {
  const session = new Session();
  session.answered("", 2);
  assert.deepEqual(session.press("Delete", { shift: true }), []);
  session.press("ArrowUp");
  assert.deepEqual(session.press("Delete"), []);
  assert.deepEqual(session.press("Delete", { shift: true }), ["keep", "remove 1"]);
  assert.deepEqual(session.happen({ type: "removed", count: 1 }), ["announce 1"]);
  assert.deepEqual([session.box.open, session.box.current], [true, 0]);
  session.happen({ type: "removed", count: 0 });
  assert.deepEqual([session.box.open, session.box.current], [false, -1]);
});
