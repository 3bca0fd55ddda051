import { element, icon } from "../dom.js";

/** @import { Player } from "./player.js" */
/** @import { Gate, Panel, Said } from "./types" */

const COUNTDOWN = 10; // seconds before the next episode starts automatically

const links = (/** @type {Gate} */ gate) =>
  gate.actions.map(({ label, url }, n) =>
    element("a", { href: url, class: n ? "button button--quiet" : "button button--gold" }, label),
  );

const plans = (/** @type {Gate} */ { plans, plansUrl }) =>
  plans.length > 0 &&
  element(
    "ul",
    { class: "gate__plans" },
    ...plans.map(({ name, price, marked }) =>
      element(
        "li",
        {},
        element(
          "a",
          { href: plansUrl, class: marked ? "gate__plan gate__plan--marked" : "gate__plan" },
          element("span", {}, name),
          element("strong", {}, price),
        ),
      ),
    ),
  );

/**
 * The panel at the end of a preview.
 *
 * @param {Player} player
 */
export function gatePanel(player) {
  const again = () => {
    player.video.currentTime = 0;
    player.video.play();
  };
  const panel = element(
    "div",
    { class: "gate", tabindex: "-1", role: "group", "aria-labelledby": "gate-title" },
    element("p", { class: "gate__title", id: "gate-title" }, player.words.previewOver),
    element("p", {}, player.config.gate.message),
    plans(player.config.gate),
    element(
      "p",
      { class: "gate__actions" },
      ...links(player.config.gate),
      element("button", { type: "button", class: "button button--quiet", onclick: again }, player.words.watchAgain),
    ),
  );
  player.stage.append(panel);
  panel.focus();
  return panel;
}

/**
 * The panel that appears when the title isn't the viewer's any more.
 *
 * @param {Player} player
 * @param {Gate} gate
 */
export function shutPanel(player, gate) {
  const panel = element(
    "div",
    { class: "gate", tabindex: "-1", role: "group", "aria-labelledby": "gate-title" },
    icon(player.sprite, "lock"),
    element("p", { class: "gate__title", id: "gate-title" }, gate.message),
    plans(gate),
    element("p", { class: "gate__actions" }, ...links(gate)),
  );
  player.stage.append(panel);
  panel.focus();
  return panel;
}

/**
 * The panel that appears when the account's other players hold all the places: which one to end.
 *
 * @param {Player} player
 * @param {Said} said
 * @param {(id: number) => void} stop ends the player of that id
 * @param {() => void} again asks once more
 */
export function fullPanel(player, { limit = 0, players = [] }, stop, again) {
  const w = player.words;
  const choose = (/** @type {() => void} */ act) => {
    panel.querySelectorAll("button").forEach((button) => (button.disabled = true)); // until the server has answered
    act();
  };
  const rows = players.map(({ id, device, title, since }) =>
    element(
      "li",
      { class: "gate__player" },
      icon(player.sprite, "monitor-smartphone"),
      element("span", {}, element("strong", {}, device), element("small", {}, `${title} · ${since}`)),
      element(
        "button",
        {
          type: "button",
          class: "button button--small",
          "aria-label": `${w.watchInstead}: ${device}`,
          onclick: () => choose(() => stop(id)),
        },
        element("span", { class: "gate__long" }, w.watchInstead),
        element("span", { class: "gate__short" }, w.watchHere),
      ),
    ),
  );
  const panel = element(
    "div",
    { class: "gate gate--full", tabindex: "-1", role: "group", "aria-labelledby": "gate-title" },
    element("p", { class: "gate__title", id: "gate-title" }, w.full.replace("{limit}", String(limit))),
    element("p", { class: "gate__hint" }, w.fullHint),
    element("ul", { class: "gate__players" }, ...rows),
    element(
      "p",
      { class: "gate__actions" },
      element(
        "button",
        { type: "button", class: "button button--quiet button--small", onclick: () => choose(again) },
        w.retry,
      ),
    ),
  );
  player.stage.append(panel);
  panel.focus();
  return panel;
}

/**
 * The panel that appears when the title can't play: a sentence and the one thing to do.
 *
 * @param {Player} player
 * @param {string} text
 * @param {string} label of the button
 * @param {() => void} act
 */
export function faultPanel(player, text, label, act) {
  const button = element("button", { type: "button", class: "button", onclick: act }, label);
  const panel = element(
    "div",
    { class: "gate", role: "alert" },
    element("p", { class: "gate__title" }, text),
    element("p", { class: "gate__actions" }, button),
  );
  player.stage.append(panel);
  return panel;
}

/**
 * The next episode, with a countdown.
 *
 * @param {Player} player
 * @param {{ url: string, title: string }} next
 * @param {() => void} decline called when the viewer stops the countdown
 * @returns {Panel}
 */
export function endCard(player, next, decline) {
  const { words } = player;
  let left = COUNTDOWN;
  const text = element("p", { role: "timer" });
  const card = element(
    "div",
    { class: "player__card", role: "group", "aria-label": words.next },
    text,
    element("strong", {}, next.title),
    element(
      "p",
      { class: "gate__actions" },
      element("a", { class: "button button--small", href: next.url }, words.playNow),
      element(
        "button",
        { type: "button", class: "button button--quiet button--small", onclick: decline },
        words.cancel,
      ),
    ),
  );
  const tick = () => {
    text.textContent = words.nextIn.replace("{seconds}", String(left));
    if (left-- > 0) return;
    clearInterval(timer);
    player.goNext();
  };
  const timer = setInterval(() => (player.video.paused && !player.video.ended ? null : tick()), 1000);
  tick();
  player.stage.append(card);
  return {
    remove() {
      clearInterval(timer);
      card.remove();
    },
  };
}

/**
 * The list of the player's keys.
 *
 * @param {Player} player
 */
export function helpDialog(player) {
  const w = player.words;
  const rows = [
    ["Space / K", w.keyPlay],
    ["← →", w.keySeek],
    ["J L", w.keyJump],
    ["↑ ↓", w.keyVolume],
    ["M", w.keyMute],
    ["F", w.keyFullscreen],
    ["W", w.keyWide],
    ["T", w.keyTheatre],
    ["C", w.keySubtitles],
    ["< >", w.keySpeed],
    ["N", w.keyNext],
    ["?", w.keyHelp],
  ];
  /** @type {HTMLDialogElement} */
  const dialog = element(
    "dialog",
    { class: "player__dialog", "aria-label": w.help, onclick: (event) => event.target === dialog && dialog.close() },
    element("h2", {}, w.help),
    element(
      "dl",
      {},
      ...rows.flatMap(([key, text]) => [
        element("dt", {}, ...key.split(" ").map((k) => (k === "/" ? k : element("kbd", {}, k)))),
        element("dd", {}, text),
      ]),
    ),
    element("button", { type: "button", class: "button button--small", onclick: () => dialog.close() }, w.close),
  );
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "?") return;
    event.stopPropagation();
    dialog.close();
  });
  player.stage.append(dialog);
  return dialog;
}
