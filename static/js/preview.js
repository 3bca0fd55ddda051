import { element, find } from "./dom.js";
import { storyboard } from "./player/storyboard.js";

/** @import { Cue } from "./player/types" */

const AFTER = 600; // milliseconds of hover or focus before it starts
const STAYS = 400; // milliseconds of each picture
const MOST = 24; // pictures of one round, all of one sheet

/** @typedef {{ image: HTMLImageElement, tiles: Cue[] }} Film */

/** A poster card under the pointer plays pictures of its title, of free ones only: the others' aren't public. */
export function previews() {
  const hovers = matchMedia("(hover: hover)");
  const isReduced = matchMedia("(prefers-reduced-motion: reduce)");
  /** @type {Map<string, Promise<Film | null>>} by address: each is fetched once */
  const known = new Map();
  /** @type {HTMLElement | null} */
  let card = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  /** @type {(() => void) | null} */
  let stop = null;

  const leave = () => {
    clearTimeout(waiting);
    stop?.();
    card = stop = null;
  };
  const rest = (/** @type {EventTarget | null} */ target) => {
    /** @type {HTMLElement | null} */
    const next = target instanceof Element ? target.closest("[data-storyboard]") : null;
    if (next === card) return;
    leave();
    if (!next || !hovers.matches || isReduced.matches || navigator.connection?.saveData) return;
    card = next;
    waiting = setTimeout(async () => {
      const address = next.dataset.storyboard ?? "";
      const loaded = known.get(address) ?? load(address).catch(() => null);
      known.set(address, loaded);
      const film = await loaded;
      if (film && card === next && !stop) stop = play(next, film);
    }, AFTER);
  };
  document.addEventListener("pointerover", (event) => event.pointerType !== "touch" && rest(event.target));
  document.documentElement.addEventListener("pointerleave", leave);
  document.addEventListener("focusin", (event) => rest(event.target));
  document.addEventListener("focusout", leave);
}

/**
 * The first sheet of a storyboard, in at most MOST pictures.
 *
 * @param {string} address
 * @returns {Promise<Film | null>}
 */
async function load(address) {
  const cues = await storyboard(address);
  const sheet = cues.filter((cue) => cue.url === cues[0].url);
  if (sheet.length < 2) return null;
  const image = new Image();
  image.src = sheet[0].url;
  await image.decode();
  const step = Math.max(1, sheet.length / MOST);
  const count = Math.floor(sheet.length / step);
  return { image, tiles: Array.from({ length: count }, (_, n) => sheet[Math.floor(n * step)]) };
}

/**
 * Shows one picture after the other in the card, until the function it returns is called.
 *
 * @param {HTMLElement} card
 * @param {Film} film
 */
function play(card, { image, tiles }) {
  const { w, h } = tiles[0];
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  const tile = element("span", { class: "card__tile" }, element("i"));
  const box = element("span", { class: "card__preview", "aria-hidden": "true" }, tile);
  Object.assign(tile.style, {
    backgroundImage: `url("${image.src}")`,
    backgroundSize: `${(100 * width) / w}% ${(100 * height) / h}%`,
    aspectRatio: `${w} / ${h}`,
  });
  /** @type {(at: number, whole: number, one: number) => string} */
  const part = (at, whole, one) => (whole > one ? `${(100 * at) / (whole - one)}%` : "0");
  let number = 0;
  const show = () => {
    const { x, y } = tiles[number];
    tile.style.backgroundPosition = `${part(x, width, w)} ${part(y, height, h)}`;
    number = (number + 1) % tiles.length;
    tile.style.setProperty("--share", `${(100 * (number || tiles.length)) / tiles.length}%`);
  };
  show();
  find(card, ".card__frame").firstElementChild?.after(box);
  const timer = setInterval(show, STAYS);
  return () => {
    clearInterval(timer);
    box.remove();
  };
}
