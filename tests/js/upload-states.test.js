import assert from "node:assert/strict";
import { test } from "node:test";
import { isBusy, mayPass, speedOf, stateAfter, titleOf, waitBefore, withMark } from "../../static/js/upload/states.js";

/** @import { Mark, State } from "../../static/js/upload/states.js" */

const receiving = { state: "receiving" };

test("what is on its way here stays as it is while the server still receives", () => {
  for (const state of /** @type {State[]} */ (["queued", "checking", "sending", "lost", "paused", "failed"])) {
    assert.equal(stateAfter(state, receiving, true), null);
  }
});

test("an upload of an earlier visit needs its file", () => {
  assert.equal(stateAfter("", receiving, false), "needsFile");
  assert.equal(stateAfter("needsFile", receiving, false), "needsFile");
});

test("an upload that the server lost its end of is paused where its file is here", () => {
  assert.equal(stateAfter("received", receiving, true), "paused");
});

test("what the server has whole counts, whatever this visit thought", () => {
  for (const state of /** @type {State[]} */ (["", "queued", "sending", "failed", "needsFile", "received"])) {
    assert.equal(stateAfter(state, { state: "received" }, true), "received");
    assert.equal(stateAfter(state, { state: "done" }, false), "done");
  }
});

test("a transfer is busy while it is hashed, sent or tried again", () => {
  const busy = ["checking", "sending", "lost"];
  const idle = ["queued", "paused", "failed", "needsFile", "received", "done", "added", "removed"];
  assert.deepEqual(
    [...busy, ...idle].filter((state) => isBusy(/** @type {State} */ (state))),
    busy,
  );
});

test("no answer and passing answers are tried again, refusals aren't", () => {
  for (const status of [0, 409, 423, 425, 429, 502, 503, 504]) assert.equal(mayPass(status), true, `${status}`);
  for (const status of [400, 403, 404, 410, 413, 500, 507]) assert.equal(mayPass(status), false, `${status}`);
});

test("the waits grow to half a minute", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 100].map(waitBefore), [1, 2, 4, 8, 15, 30, 30, 30]);
});

test("the speed is that of the last five seconds", () => {
  /** @type {Mark[]} */
  let marks = [];
  for (const mark of /** @type {Mark[]} */ ([
    [0, 0],
    [4000, 8000],
    [6000, 9000],
    [8000, 10_000],
  ])) {
    marks = withMark(marks, mark);
  }
  assert.deepEqual(marks, [
    [4000, 8000],
    [6000, 9000],
    [8000, 10_000],
  ]);
  assert.equal(speedOf(marks), 500);
});

test("half a second says nothing about the speed yet", () => {
  assert.equal(speedOf([]), 0);
  assert.equal(speedOf([[0, 0]]), 0);
  assert.equal(
    speedOf([
      [0, 0],
      [500, 1000],
    ]),
    0,
  );
  assert.equal(
    speedOf([
      [0, 0],
      [501, 1002],
    ]),
    2000,
  );
});

test("a title is suggested by the name of the file", () => {
  assert.equal(titleOf("The.Long_Way.1080p.mkv"), "The Long Way 1080p");
  assert.equal(titleOf("片名 第1集.mp4"), "片名 第1集");
  assert.equal(titleOf(".mp4"), ".mp4");
  assert.equal(titleOf("no extension at all"), "no extension at all");
});
