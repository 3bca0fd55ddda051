import { EpisodeState } from "./player/codes.js";
import { facade } from "./player/facade.js";
import { share } from "./share.js";
import { unfold } from "./unfold.js";
import { waiting } from "./waiting.js";

const box = document.getElementById("player");
const config = JSON.parse(document.getElementById("player-config").textContent);

if (config.master) facade(box, config);
else if (config.state === EpisodeState.PROCESSING) waiting(config.readyUrl);
share(config.words.copied);
unfold(document.querySelector(".summary"));

// Of many episodes, the one that plays stands in the middle of the list.
const here = document.querySelector(".episodes [aria-current]");
const list = here?.closest(".watch__side");
if (list) {
  const [inner, outer] = [here.getBoundingClientRect(), list.getBoundingClientRect()];
  list.scrollTop += inner.top + inner.height / 2 - outer.top - outer.height / 2;
}
