// The shortcuts of the page; never while somebody writes or a menu has the keys.
export function keyboard(player) {
  const acts = {
    " ": () => player.toggle(), k: () => player.toggle(), j: () => player.jump(-10), l: () => player.jump(10),
    ArrowLeft: () => player.jump(-5), ArrowRight: () => player.jump(5),
    ArrowUp: () => player.setVolume(player.video.volume + 0.1), ArrowDown: () => player.setVolume(player.video.volume - 0.1),
    m: () => player.toggleMute(), f: () => player.toggleFullscreen(), c: () => player.toggleText(), n: () => player.goNext(),
    "<": () => player.faster(-1), ">": () => player.faster(1), "?": () => player.toggleHelp(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog, [role=menu]")) return;
    const inside = player.box.contains(event.target);
    if (!inside && (event.key.startsWith("Arrow") || event.target.closest("a, button, summary"))) {
      if (event.target !== document.body) return;
    }
    if (event.key === " " && event.target.closest("button, a, summary")) return; // the button itself is pressed
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    player.wake();
    act();
  });
}
