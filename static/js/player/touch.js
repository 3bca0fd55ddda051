const DEAD = 12; // pixels before a movement is a gesture

// Sliding up and down over the whole screen: brightness at the left, volume at the right.
// ArtPlayer itself seeks by sliding sideways and doubles the speed by a long press.
export function touch(player) {
  const { art, video } = player;
  let start = null;
  art.proxy(video, "touchstart", (event) => {
    const [finger] = event.touches;
    const whole = art.fullscreen || art.fullscreenWeb;
    start = whole && event.touches.length === 1 && !art.isRotate
      ? { x: finger.clientX, y: finger.clientY, volume: video.volume, light: player.light ?? 1, on: null }
      : null;
  }, { passive: true });
  art.proxy(video, "touchmove", (event) => {
    if (!start) return;
    const [finger] = event.touches;
    const up = start.y - finger.clientY;
    if (start.on === null && Math.hypot(up, finger.clientX - start.x) > DEAD) start.on = Math.abs(up) > Math.abs(finger.clientX - start.x);
    if (!start.on) return;
    const change = up / innerHeight;
    if (start.x > innerWidth / 2) player.setVolume(start.volume + change);
    else player.setLight(start.light + change);
  }, { passive: true });
}
