import { element } from "./dom.js";
import { shortcut } from "./keys.js";

const OPENING = new Set([" ", "k", "m", "f", "c", "n", "t", "w", "<", ">", "?"]); // keys that fetch the player

// Until somebody is about to watch there is a picture and a button: the player's script and style are fetched when the
// page has come to rest, run when a pointer or the focus comes near, and take over with the first press.
export function facade(box, config) {
  const ended = new AbortController();
  const on = (target, name, act) =>
    target.addEventListener(name, act, { signal: ended.signal, passive: name === "touchstart" });
  let parts = null;
  let opened = null;

  const fetched = () => (parts ??= Promise.all([import(box.dataset.player), stylesheet(box.dataset.skin)]));
  const open = () => (opened ??= make());
  const make = async () => {
    box.classList.add("is-opening");
    const [{ Player }] = await fetched();
    ended.abort();
    const focused = box.contains(document.activeElement);
    box.classList.remove("is-opening");
    const player = await Player.open(box, config);
    if (focused) player.controls.toggle.focus({ preventScroll: true });
    return player;
  };
  const trouble = () => {
    box.classList.remove("is-opening");
    const again = element(
      "button",
      { type: "button", class: "button", onclick: () => location.reload() },
      config.words.goOn,
    );
    box.append(
      element(
        "div",
        { class: "gate", role: "alert" },
        element("p", { class: "gate__title" }, config.words.notLoaded),
        element("p", { class: "gate__actions" }, again),
      ),
    );
  };
  const then = (act) => open().then(act, trouble);
  const start = () => then((player) => player.start());

  on(box.querySelector("[data-play]"), "click", start);
  on(document, "keydown", (event) => {
    const key = shortcut(event, box);
    if (!OPENING.has(key)) return;
    event.preventDefault();
    then((player) => player.press(key));
  });
  const near = () => fetched().catch(() => (parts = null)); // said when it is pressed
  for (const name of ["pointerenter", "focusin", "touchstart"]) on(box, name, near);

  if (arrives(config)) whenSeen(start);
  else
    atRest(() =>
      [
        [box.dataset.player, "script"],
        [box.dataset.skin, "style"],
      ].forEach(prefetch),
    );
}

// Who goes on where they stopped, or comes from another episode, has already said that they want to watch.
function arrives({ resumeAt }) {
  if (resumeAt) return true;
  const from = document.referrer && new URL(document.referrer);
  const title = (path) => path.replace(/[^/]+\/$/, "");
  return (
    Boolean(from) &&
    from.origin === location.origin &&
    from.pathname !== location.pathname &&
    title(from.pathname) === title(location.pathname)
  );
}

function whenSeen(act) {
  if (!document.hidden) act();
  else document.addEventListener("visibilitychange", act, { once: true });
}

function atRest(act) {
  if (navigator.connection?.saveData) return;
  const idle = window.requestIdleCallback ?? setTimeout;
  if (document.readyState === "complete") idle(act);
  else addEventListener("load", () => idle(act), { once: true });
}

function prefetch([href, as]) {
  document.head.append(element("link", { rel: "prefetch", href, as }));
}

function stylesheet(href) {
  return new Promise((resolve, reject) =>
    document.head.append(element("link", { rel: "stylesheet", href, onload: resolve, onerror: reject })),
  );
}
