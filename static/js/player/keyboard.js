import { shortcut } from "./keys.js";

/** @import { Player } from "./player.js" */

/**
 * The action of each key, for the page's keys and for the one that opened the player.
 *
 * @param {Player} player
 * @returns {Record<string, () => void>}
 */
const actions = (player) => ({
  " ": () => player.toggle(),
  k: () => player.toggle(),
  j: () => player.jump(-10),
  l: () => player.jump(10),
  ArrowLeft: () => player.jump(-5),
  ArrowRight: () => player.jump(5),
  ArrowUp: () => player.setVolume(player.video.volume + 0.1),
  ArrowDown: () => player.setVolume(player.video.volume - 0.1),
  m: () => player.toggleMute(),
  f: () => player.toggleFullscreen(),
  c: () => player.toggleText(),
  n: () => player.goNext(),
  t: () => player.toggleTheatre(),
  w: () => player.toggleWide(),
  "<": () => player.faster(-1),
  ">": () => player.faster(1),
  "?": () => player.toggleHelp(),
});

/**
 * Listens to the page's keys. The function it returns presses one.
 *
 * @param {Player} player
 */
export function keyboard(player) {
  const known = actions(player);
  document.addEventListener("keydown", (event) => {
    const key = shortcut(event, player.box);
    if (key === "Escape" && player.art.fullscreenWeb) player.toggleWide();
    if (!key || !known[key]) return;
    event.preventDefault();
    player.art.controls.show = true;
    known[key]();
  });
  return (/** @type {string} */ key) => known[key]?.();
}
