import { element } from "./player/dom.js";
import { storyboard } from "./player/storyboard.js";

const AFTER = 600; // milliseconds a card is pointed at or focused
const STAYS = 400; // milliseconds of each picture
const MOST = 24; // pictures of one round, all of one sheet

// A poster card that is rested on plays pictures of its title, of free ones only: those of others aren't for everyone.
export function previews() {
  const hovers = matchMedia("(hover: hover)");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const known = new Map(); // by address: asked for once
  let card = null;
  let waiting = null;
  let stop = null;

  const leave = () => {
    clearTimeout(waiting);
    stop?.();
    card = stop = null;
  };
  const rest = (target) => {
    const next = target.closest?.("[data-storyboard]");
    if (next === card) return;
    leave();
    if (!next || !hovers.matches || still.matches || navigator.connection?.saveData) return;
    card = next;
    waiting = setTimeout(async () => {
      const address = next.dataset.storyboard;
      if (!known.has(address))
        known.set(
          address,
          load(address).catch(() => null),
        );
      const film = await known.get(address);
      if (film && card === next && !stop) stop = play(next, film);
    }, AFTER);
  };
  document.addEventListener("pointerover", (event) => event.pointerType !== "touch" && rest(event.target));
  document.documentElement.addEventListener("pointerleave", leave);
  document.addEventListener("focusin", (event) => rest(event.target));
  document.addEventListener("focusout", leave);
}

async function load(address) {
  const cues = await storyboard(address);
  const sheet = cues.filter((cue) => cue.url === cues[0].url);
  if (sheet.length < 2) return null;
  const image = new Image();
  image.src = sheet[0].url;
  await image.decode();
  const step = Math.max(1, sheet.length / MOST);
  return {
    image,
    tiles: Array.from({ length: Math.floor(sheet.length / step) }, (_, n) => sheet[Math.floor(n * step)]),
  };
}

// Shows one picture after the other in the card, until the function it returns is called.
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
  const part = (at, whole, one) => (whole > one ? `${(100 * at) / (whole - one)}%` : "0");
  let number = 0;
  const show = () => {
    const { x, y } = tiles[number];
    tile.style.backgroundPosition = `${part(x, width, w)} ${part(y, height, h)}`;
    number = (number + 1) % tiles.length;
    tile.style.setProperty("--share", `${(100 * (number || tiles.length)) / tiles.length}%`);
  };
  show();
  card.querySelector(".card__frame").firstElementChild.after(box);
  const timer = setInterval(show, STAYS);
  return () => {
    clearInterval(timer);
    box.remove();
  };
}
