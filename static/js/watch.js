import { find } from "./dom.js";
import { EpisodeState } from "./player/codes.js";
import { facade } from "./player/facade.js";
import { share } from "./share.js";
import { unfold } from "./unfold.js";
import { waiting } from "./waiting.js";

/** @import { Config } from "./player/types" */

/** @type {Config} */
const config = JSON.parse(find(document, "#player-config").textContent ?? "");

if (config.master) facade(find(document, "#player"), config);
else if (config.state === EpisodeState.PROCESSING) waiting(config.readyUrl);
share(config.words.copied);
unfold(document.querySelector(".summary"));

// Of many episodes, the one that plays stands in the middle of the list.
const here = document.querySelector(".episodes [aria-current]");
const list = here?.closest(".watch__side");
if (here && list) {
  const [inner, outer] = [here.getBoundingClientRect(), list.getBoundingClientRect()];
  list.scrollTop += inner.top + inner.height / 2 - outer.top - outer.height / 2;
}
