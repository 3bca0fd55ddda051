import { shortcut } from "./keys.js";

// What each key does: said once, for the page's keys and for the one that opened the player.
const acts = (player) => ({
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

export function keyboard(player) {
  const known = acts(player);
  document.addEventListener("keydown", (event) => {
    const key = shortcut(event, player.box);
    if (key === "Escape" && player.art.fullscreenWeb) player.toggleWide();
    if (!known[key]) return;
    event.preventDefault();
    player.art.controls.show = true;
    known[key]();
  });
  return (key) => known[key]?.();
}
