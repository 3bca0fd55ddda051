import assert from "node:assert/strict";
import { test } from "node:test";
import { Standing } from "../../static/js/player/standing.js";

/**
 * Panels that keep the action of their button, and a player whose questions are answered by `answer`.
 *
 * @param {() => Promise<any>} answer
 */
function scene(answer) {
  /** @type {object[]} */
  const asked = [];
  /** @type {any} */
  const ending = {
    press: null,
    clear: () => (ending.press = null),
    fault: (/** @type {string} */ _text, /** @type {string} */ _label, /** @type {() => void} */ act) =>
      (ending.press = act),
    full: (/** @type {object} */ _said, /** @type {(id: number) => void} */ stop) => (ending.press = () => stop(7)),
  };
  /** @type {any} */
  const player = {
    config: { signedIn: true, gate: { kind: "full" } },
    words: {},
    resumed: 0,
    rest: () => {},
    resume: () => (player.resumed += 1),
    place: { ask: (/** @type {object} */ wish) => (asked.push(wish), answer()) },
  };
  return { asked, ending, player, standing: new Standing(player, ending) };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test("what the viewer chooses while another question is on its way is asked next", async () => {
  /** @type {((said: any) => void)[]} */
  const waiting = [];
  const { asked, ending, player, standing } = scene(() => new Promise((resolve) => waiting.push(resolve)));
  const answered = async (/** @type {object} */ said) => {
    waiting.shift()?.(said);
    await settle();
  };
  standing.refused();
  await answered({ place: "stopped", kind: "full" });
  const back = ending.press;
  standing.changed({ kind: "full", signedIn: true, place: "stopped" }); // a heartbeat at the same time
  back();
  await answered({ place: "stopped", kind: "full" });
  assert.deepEqual(asked, [{}, {}, { back: true }]);
  assert.equal(player.resumed, 0);
  await answered({ place: "held", kind: "full" });
  assert.equal(player.resumed, 1);
  assert.equal(waiting.length, 0);
});

test("without a choice one question at a time is enough", async () => {
  const { asked, player, standing } = scene(async () => ({ place: "held", kind: "full" }));
  standing.refused();
  standing.changed({ kind: "full", signedIn: true, place: "stopped" });
  await settle();
  assert.deepEqual(asked, [{}]);
  assert.equal(player.resumed, 1);
});
