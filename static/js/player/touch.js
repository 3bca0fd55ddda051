import Artplayer from "artplayer";

/** @import { Player } from "./player.js" */

const DEAD = 12; // pixels before a movement is a gesture
const STEP = 10; // seconds of a double tap at a side

/**
 * Double taps: back at the left third of the picture, on at the right, play or pause between them.
 * Sliding up and down over the whole screen: brightness at the left, volume at the right.
 * ArtPlayer itself seeks by sliding sideways and doubles the speed on a long press.
 *
 * @param {Player} player
 */
export function touch(player) {
  // With a mouse a double click opens full screen, so it undoes what its first click did.
  const isTouch = Artplayer.utils.isMobile;
  player.art.on("dblclick", isTouch ? (event) => doubleTap(player, event) : () => player.toggle());
  slides(player);
}

/**
 * @param {Player} player
 * @param {Event} event a click
 */
function doubleTap(player, event) {
  const { clientX } = /** @type {MouseEvent} */ (event);
  const { left, width } = player.video.getBoundingClientRect();
  const third = Math.floor((3 * (clientX - left)) / width);
  if (third === 1) player.toggle();
  else player.jump(third < 1 ? -STEP : STEP);
}

/** @param {Player} player */
function slides(player) {
  const { art, video } = player;
  /** @type {{ x: number, y: number, volume: number, light: number, isVertical: boolean | null } | null} */
  let start = null;
  const begin = (/** @type {TouchEvent} */ { touches }) => {
    const [{ clientX: x, clientY: y }] = touches;
    const isWhole = (art.fullscreen || art.fullscreenWeb) && touches.length === 1 && !art.isRotate;
    start = isWhole ? { x, y, volume: video.volume, light: player.light, isVertical: null } : null;
  };
  const move = (/** @type {TouchEvent} */ { touches }) => {
    if (!start) return;
    const [{ clientX, clientY }] = touches;
    const [up, aside] = [start.y - clientY, clientX - start.x];
    if (start.isVertical === null && Math.hypot(up, aside) > DEAD) start.isVertical = Math.abs(up) > Math.abs(aside);
    if (!start.isVertical) return;
    const change = up / innerHeight;
    if (start.x > innerWidth / 2) player.setVolume(start.volume + change);
    else player.setLight(start.light + change);
  };
  art.proxy(video, "touchstart", (event) => begin(/** @type {TouchEvent} */ (event)), { passive: true });
  art.proxy(video, "touchmove", (event) => move(/** @type {TouchEvent} */ (event)), { passive: true });
}
