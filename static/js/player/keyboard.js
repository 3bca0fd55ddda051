// The shortcuts of the page; never while somebody writes or a menu has the keys.
export function keyboard(player) {
  const acts = {
    " ": () => player.toggle(), k: () => player.toggle(), j: () => player.jump(-10), l: () => player.jump(10),
    ArrowLeft: () => player.jump(-5), ArrowRight: () => player.jump(5),
    ArrowUp: () => player.setVolume(player.video.volume + 0.1), ArrowDown: () => player.setVolume(player.video.volume - 0.1),
    m: () => player.toggleMute(), f: () => player.toggleFullscreen(), c: () => player.toggleText(), n: () => player.goNext(),
    t: () => player.toggleTheatre(), w: () => player.toggleWide(), Escape: () => player.art.fullscreenWeb && player.toggleWide(),
    "<": () => player.faster(-1), ">": () => player.faster(1), "?": () => player.toggleHelp(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target, key } = event;
    if (target.closest("input:not([type=range]), textarea, select, [contenteditable], dialog, [role=menu]")) return;
    if (target.matches("input[type=range]") && key.startsWith("Arrow")) return;
    const control = target.closest("a, button, summary, [tabindex]");
    const inside = player.box.contains(target);
    if (control && !inside && (key === " " || key.startsWith("Arrow"))) return; // the page's own
    if (key === " " && control?.matches("button, a, summary")) return; // the button itself is pressed
    const act = acts[key.length === 1 ? key.toLowerCase() : key];
    if (!act) return;
    if (key !== "Escape") event.preventDefault();
    player.art.controls.show = true;
    act();
  });
}
