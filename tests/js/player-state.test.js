import assert from "node:assert/strict";
import { test } from "node:test";
import { clamp, isNews, qualities, qualityLabel, speedFrom, subtitles, verdict } from "../../static/js/player/state.js";

test("speeds go by steps and end at half and double", () => {
  assert.equal(speedFrom(1, 1), 1.25);
  assert.equal(speedFrom(1, -1), 0.75);
  assert.equal(speedFrom(2, 1), undefined);
  assert.equal(speedFrom(0.5, -1), undefined);
});

test("a value is kept within its bounds", () => {
  assert.deepEqual(
    [-1, 0.5, 2].map((value) => clamp(value, 0, 1)),
    [0, 0.5, 1],
  );
});

test("qualities are offered best first, each once", () => {
  const { choices } = qualities([360, 1080, 720, 720], {});
  assert.deepEqual(
    choices.map(({ label }) => label),
    ["1080P", "720P", "360P"],
  );
});

test("the quality chosen before is chosen again where it exists", () => {
  assert.equal(qualities([360, 720], { quality: 720 }).chosen, 720);
  assert.equal(qualities([360, 720], { quality: 1080 }).chosen, 0);
  assert.equal(qualities([360, 720], {}).chosen, 0);
});

test("automatic quality says what plays", () => {
  assert.equal(qualityLabel(0, 720, "Auto"), "Auto (720P)");
  assert.equal(qualityLabel(0, undefined, "Auto"), "Auto");
  assert.equal(qualityLabel(1080, 720, "Auto"), "1080P");
});

const CHINESE = { name: "中文", language: "zh-Hans", first: false, forced: false };
const ENGLISH = { name: "English", language: "en", first: true, forced: false };
const SIGNS = { name: "Signs", language: "en", first: false, forced: true };

test("forced subtitles are no choice", () => {
  const { choices, forced } = subtitles([SIGNS, CHINESE, ENGLISH], {}, "zh");
  assert.deepEqual(
    choices.map(({ name, index }) => [name, index]),
    [
      ["中文", 1],
      ["English", 2],
    ],
  );
  assert.deepEqual(
    forced.map(({ index }) => index),
    [0],
  );
});

test("without a choice of the viewer the film's default shows", () => {
  assert.equal(subtitles([CHINESE, ENGLISH], {}, "zh").chosen, 1);
  assert.equal(subtitles([CHINESE], {}, "zh").chosen, -1);
});

test("subtitles chosen before show again; turned off they stay off", () => {
  assert.equal(subtitles([CHINESE, ENGLISH], { text: "中文" }, "zh").chosen, 0);
  assert.equal(subtitles([CHINESE, ENGLISH], { text: "" }, "zh").chosen, -1);
  assert.equal(subtitles([CHINESE, ENGLISH], { text: "日本語" }, "zh").chosen, 1);
});

test("the switch turns on those in the language of the page, else the first", () => {
  assert.equal(subtitles([ENGLISH, CHINESE], {}, "zh-hans").usual, 1);
  assert.equal(subtitles([ENGLISH, CHINESE], {}, "fr").usual, 0);
  assert.equal(subtitles([SIGNS], {}, "en").usual, -1);
});

const GATE = { kind: "full", message: "", actions: [], plans: [], plansUrl: "" };
const PAGE = { signedIn: true, gate: GATE };
const GOOD = { kind: "full", signedIn: true, place: "held" };
const SHUT = { ...GATE, kind: "preview", message: "For VIP members." };

for (const [outcome, said, again] of /** @type {[string, Parameters<typeof verdict>[0], boolean][]} */ ([
  ["good", GOOD, false],
  ["offline", null, false],
  ["full", { ...GOOD, place: "full" }, false],
  ["stopped", { ...GOOD, place: "stopped" }, false],
  ["full", { ...GOOD, place: "full", signedIn: false }, false],
  ["signedOut", { ...GOOD, signedIn: false }, false],
  ["signedOut", { ...GOOD, signedIn: false, kind: "preview", gate: SHUT }, false],
  ["shut", { ...GOOD, kind: "preview", gate: SHUT }, false],
  ["reload", { ...GOOD, kind: "preview" }, false],
  ["reload", GOOD, true],
])) {
  test(`${JSON.stringify(said)}${again ? " after a refusal" : ""} means ${outcome}`, () => {
    assert.equal(verdict(said, PAGE, again), outcome);
  });
}

test("a stranger's page isn't signed out", () => {
  assert.equal(verdict({ ...GOOD, signedIn: false }, { ...PAGE, signedIn: false }, false), "good");
});

test("a heartbeat brings news of another viewer or a lost place only", () => {
  const known = { kind: "full", signedIn: true };
  assert.equal(isNews(GOOD, known), false);
  assert.equal(isNews({ ...GOOD, kind: "preview" }, known), true);
  assert.equal(isNews({ ...GOOD, signedIn: false }, known), true);
  assert.equal(isNews({ ...GOOD, place: "full" }, known), true);
  assert.equal(isNews({ ...GOOD, place: "stopped" }, known), true);
  assert.equal(isNews(null, known), false);
  assert.equal(isNews({}, known), false);
});
