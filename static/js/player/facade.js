import { element, find } from "../dom.js";
import { shortcut } from "./keys.js";

/** @import { Player } from "./player.js" */
/** @import { Config } from "./types" */

const OPENING = new Set([" ", "k", "m", "f", "c", "n", "t", "w", "<", ">", "?"]); // keys that fetch the player

/**
 * Until the viewer is about to watch there is a picture and a button. The player's script and style are fetched when
 * the page has come to rest, run when a pointer or the focus comes near, and take over with the first press.
 *
 * @param {HTMLElement} box
 * @param {Config} config
 */
export function facade(box, config) {
  const ended = new AbortController();
  const { player: script = "", skin = "" } = box.dataset;
  /** @type {<E extends Event>(target: EventTarget, name: string, act: (event: E) => void) => void} */
  const on = (target, name, act) =>
    target.addEventListener(name, /** @type {EventListener} */ (act), {
      signal: ended.signal,
      passive: name === "touchstart",
    });
  /** @type {Promise<[{ Player: typeof Player }, unknown]> | null} */
  let parts = null;
  /** @type {Promise<Player> | null} */
  let opened = null;

  const fetched = () => (parts ??= Promise.all([import(script), stylesheet(skin)]));
  const open = () => (opened ??= make());
  const make = async () => {
    box.classList.add("is-opening");
    const [module] = await fetched();
    ended.abort();
    const focused = box.contains(document.activeElement);
    box.classList.remove("is-opening");
    const player = await module.Player.open(box, config);
    if (focused) player.view.controls.toggle.focus({ preventScroll: true });
    return player;
  };
  const trouble = () => {
    box.classList.remove("is-opening");
    const onclick = () => location.reload();
    const again = element("button", { type: "button", class: "button", onclick }, config.words.goOn);
    const title = element("p", { class: "gate__title" }, config.words.notLoaded);
    box.append(
      element("div", { class: "gate", role: "alert" }, title, element("p", { class: "gate__actions" }, again)),
    );
  };
  const then = (/** @type {(player: Player) => void} */ act) => open().then(act, trouble);
  const start = () => then((player) => player.start());

  on(find(box, "[data-play]"), "click", start);
  on(document, "keydown", (/** @type {KeyboardEvent} */ event) => {
    const key = shortcut(event, box);
    if (!key || !OPENING.has(key)) return;
    event.preventDefault();
    then((player) => player.press(key));
  });
  const near = () => fetched().catch(() => (parts = null)); // the press reports the trouble
  for (const name of ["pointerenter", "focusin", "touchstart"]) on(box, name, near);

  if (hasArrived(config)) whenSeen(start);
  else {
    atRest(() => {
      prefetch(script, "script");
      prefetch(skin, "style");
    });
  }
}

/**
 * Viewers who resume, or come from another episode, have already said that they want to watch.
 *
 * @param {Config} config
 */
function hasArrived({ resumeAt }) {
  if (resumeAt) return true;
  if (!document.referrer) return false;
  const from = new URL(document.referrer);
  const title = (/** @type {string} */ path) => path.replace(/[^/]+\/$/, "");
  const isOther = from.origin === location.origin && from.pathname !== location.pathname;
  return isOther && title(from.pathname) === title(location.pathname);
}

/** @param {() => void} act */
function whenSeen(act) {
  if (!document.hidden) act();
  else document.addEventListener("visibilitychange", act, { once: true });
}

/** @param {() => void} act */
function atRest(act) {
  if (navigator.connection?.saveData) return;
  const idle = window.requestIdleCallback ?? setTimeout;
  if (document.readyState === "complete") idle(act);
  else addEventListener("load", () => idle(act), { once: true });
}

/**
 * @param {string} href
 * @param {"script" | "style"} as
 */
function prefetch(href, as) {
  document.head.append(element("link", { rel: "prefetch", href, as }));
}

/** @param {string} href */
function stylesheet(href) {
  return new Promise((resolve, reject) => {
    document.head.append(element("link", { rel: "stylesheet", href, onload: resolve, onerror: reject }));
  });
}
