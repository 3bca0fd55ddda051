import Artplayer from "artplayer";

const DEAD = 12; // pixels before a movement is a gesture
const STEP = 10; // seconds that two taps at a side move

// Two taps: back at the left third of the picture, on at the right, play or pause between them.
// Sliding up and down over the whole screen: brightness at the left, volume at the right.
// ArtPlayer itself seeks by sliding sideways and doubles the speed by a long press.
export function touch(player) {
  // With a mouse the second click is for the full screen: what the first one did is undone.
  player.art.on("dblclick", Artplayer.utils.isMobile ? (event) => twoTaps(player, event) : () => player.toggle());
  slides(player);
}

function twoTaps(player, { clientX }) {
  const { left, width } = player.video.getBoundingClientRect();
  const third = Math.floor((3 * (clientX - left)) / width);
  if (third === 1) player.toggle();
  else player.jump(third < 1 ? -STEP : STEP);
}

function slides(player) {
  const { art, video } = player;
  let start = null;
  art.proxy(
    video,
    "touchstart",
    (event) => {
      const [finger] = event.touches;
      const whole = art.fullscreen || art.fullscreenWeb;
      start =
        whole && event.touches.length === 1 && !art.isRotate
          ? { x: finger.clientX, y: finger.clientY, volume: video.volume, light: player.light ?? 1, on: null }
          : null;
    },
    { passive: true },
  );
  art.proxy(
    video,
    "touchmove",
    (event) => {
      if (!start) return;
      const [finger] = event.touches;
      const up = start.y - finger.clientY;
      if (start.on === null && Math.hypot(up, finger.clientX - start.x) > DEAD)
        start.on = Math.abs(up) > Math.abs(finger.clientX - start.x);
      if (!start.on) return;
      const change = up / innerHeight;
      if (start.x > innerWidth / 2) player.setVolume(start.volume + change);
      else player.setLight(start.light + change);
    },
    { passive: true },
  );
}
