import assert from "node:assert/strict";
import { test } from "node:test";
import { inLanguage, isSame } from "../../static/js/player/languages.js";

test("tags of one language are the same, whatever their region, script or case", () => {
  assert.equal(isSame("zh-Hans", "zh-TW"), true);
  assert.equal(isSame("EN-us", "en"), true);
  assert.equal(isSame("en", "fr"), false);
});

test("an unknown language is the same as none", () => {
  assert.equal(isSame("", ""), false);
  assert.equal(isSame(undefined, "en"), false);
});

const TEXTS = [
  { language: "ja", index: 2 },
  { language: "zh-Hans", index: 4 },
  { language: "und", index: 5 },
];

test("the first of the languages that has a text counts", () => {
  assert.equal(inLanguage(TEXTS, "zh", "ja"), 4);
  assert.equal(inLanguage(TEXTS, "ja", "zh"), 2);
  assert.equal(inLanguage(TEXTS, "fr", "ja"), 2);
});

test("without one, a text of unknown language is taken; else none", () => {
  assert.equal(inLanguage(TEXTS, "fr", undefined), 5);
  assert.equal(inLanguage(TEXTS.slice(0, 2), "fr"), -1);
  assert.equal(inLanguage([], "fr"), -1);
});
