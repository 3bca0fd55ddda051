import assert from "node:assert/strict";
import { test } from "node:test";
import { cueAt, parseStoryboard } from "../../static/js/player/storyboard.js";

const BOARD = `WEBVTT

00:00:00.000 --> 00:00:05.000
/v/1/sheet-0.jpg?st=a&ts=9#xywh=0,0,160,90

00:00:05.000 --> 00:00:10.000
/v/1/sheet-0.jpg?st=a&ts=9#xywh=160,0,160,90

01:02:03.500 --> 01:02:08.500
/v/1/sheet-1.jpg?st=b&ts=9#xywh=0,90,160,90
`;

test("a storyboard is read with its times in seconds", () => {
  assert.deepEqual(parseStoryboard(BOARD), [
    { start: 0, end: 5, url: "/v/1/sheet-0.jpg?st=a&ts=9", x: 0, y: 0, w: 160, h: 90 },
    { start: 5, end: 10, url: "/v/1/sheet-0.jpg?st=a&ts=9", x: 160, y: 0, w: 160, h: 90 },
    { start: 3723.5, end: 3728.5, url: "/v/1/sheet-1.jpg?st=b&ts=9", x: 0, y: 90, w: 160, h: 90 },
  ]);
});

test("text that is no storyboard holds no cues", () => {
  assert.deepEqual(parseStoryboard("WEBVTT\n\n00:00.000 --> 00:05.000\nHello\n"), []);
  assert.deepEqual(parseStoryboard(""), []);
});

test("a cue begins where the one before it ends", () => {
  const cues = parseStoryboard(BOARD);
  assert.equal(cueAt(cues, 0)?.x, 0);
  assert.equal(cueAt(cues, 4.999)?.x, 0);
  assert.equal(cueAt(cues, 5)?.x, 160);
});

test("past the end the last cue stays", () => {
  assert.equal(cueAt(parseStoryboard(BOARD), 99_999)?.start, 3723.5);
  assert.equal(cueAt([], 1), undefined);
});
