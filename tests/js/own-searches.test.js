import assert from "node:assert/strict";
import { test } from "node:test";
import { added, beginning, KEPT, load, parsed, plain, removed, save } from "../../static/js/search/own.js";

const kept = [
  { text: "流浪地球", at: 3 },
  { text: "Café 2", at: 2 },
];

test("spellings of a text are one search, and the latest stands first", () => {
  assert.equal(plain(" 流浪・地球！"), "流浪地球");
  assert.equal(plain("ＣＡＦÉ"), "café");
  assert.deepEqual(added(kept, "CAFÉ-2", 9), [{ text: "CAFÉ-2", at: 9 }, kept[0]]);
  assert.deepEqual(added(kept, "…", 9), kept);
});

test("twenty are kept", () => {
  /** @type {{ text: string, at: number }[]} */
  let many = [];
  for (let n = 0; n < 25; n++) many = added(many, `片${n}`, n);
  assert.equal(KEPT, 20);
  assert.equal(many.length, 20);
  assert.equal(many[0].text, "片24");
});

test("one is removed in whatever spelling", () => {
  assert.deepEqual(removed(kept, "流浪 地球"), [kept[1]]);
  assert.deepEqual(removed(kept, "海"), kept);
});

test("those that begin with what is typed are offered, all for nothing", () => {
  assert.deepEqual(beginning(kept, "流", 2), ["流浪地球"]);
  assert.deepEqual(beginning(kept, "caf", 2), ["Café 2"]);
  assert.deepEqual(beginning(kept, "", 1), ["流浪地球"]);
});

test("whatever else stands in the storage is ignored", () => {
  for (const stored of [
    null,
    "",
    "{",
    "{}",
    "1",
    '["海"]',
    '[{"text":1,"at":1}]',
    '[{"text":"海","at":"x"}]',
    "[null]",
  ]) {
    assert.deepEqual(parsed(stored), [], String(stored));
  }
  assert.deepEqual(parsed('[{"text":"海","at":1,"more":2}]'), [{ text: "海", at: 1 }]);
});

test("a browser that refuses storage keeps nothing and breaks nothing", () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, "localStorage");
  Object.defineProperty(globalThis, "localStorage", {
    configurable: true,
    get() {
      throw new DOMException("denied", "SecurityError");
    },
  });
  save(kept);
  assert.deepEqual(load(), []);
  if (before) Object.defineProperty(globalThis, "localStorage", before);
  else Reflect.deleteProperty(globalThis, "localStorage");
});
