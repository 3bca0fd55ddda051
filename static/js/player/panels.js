import { element } from "./dom.js";

const COUNTDOWN = 10; // seconds before the next episode starts by itself

// What stands in the frame when a preview is over.
export function gatePanel(player, actions) {
  const panel = element("div", { class: "gate", tabindex: "-1" },
    element("p", { class: "gate__title" }, player.words.previewOver), element("p", {}, player.config.gate.message),
    element("p", { class: "gate__actions" }, ...actions,
      element("button", { type: "button", class: "button button--quiet", onclick: () => { panel.remove(); player.video.currentTime = 0; player.toggle(); } }, player.words.watchAgain)));
  player.box.append(panel);
  panel.focus();
}

// The next episode, with a countdown that can be stopped.
export function endCard(player) {
  const { words, config } = player;
  let left = COUNTDOWN;
  const text = element("p", { role: "status" });
  const card = element("div", { class: "player__card" }, text, element("strong", {}, config.next.title),
    element("p", { class: "gate__actions" }, element("a", { class: "button button--small", href: config.next.url }, words.playNow),
      element("button", { type: "button", class: "button button--quiet button--small", onclick: () => { clearInterval(timer); card.remove(); } }, words.cancel)));
  const tick = () => {
    text.textContent = words.nextIn.replace("{seconds}", left);
    if (left-- <= 0) { clearInterval(timer); player.goNext(); }
  };
  const timer = setInterval(() => player.video.paused && !player.video.ended ? null : tick(), 1000);
  tick();
  player.box.append(card);
  return card;
}

export function helpDialog(player) {
  const w = player.words;
  const rows = [["Space / K", w.keyPlay], ["← →", w.keySeek], ["J L", w.keyJump], ["↑ ↓", w.keyVolume], ["M", w.keyMute], ["F", w.keyFullscreen], ["C", w.keySubtitles], ["< >", w.keySpeed], ["N", w.keyNext], ["?", w.keyHelp]];
  const dialog = element("dialog", { class: "player__dialog", "aria-label": w.help },
    element("h2", {}, w.help), element("dl", {}, ...rows.flatMap(([key, text]) => [element("dt", {}, key), element("dd", {}, text)])),
    element("button", { type: "button", class: "button button--small", onclick: () => dialog.close() }, w.close));
  player.box.append(dialog);
  return dialog;
}
