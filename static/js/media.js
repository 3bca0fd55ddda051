import { find } from "./dom.js";
import { facade } from "./player/facade.js";

// The site's player on a video's page in the administration.
facade(find(document, "#player"), JSON.parse(find(document, "#player-config").textContent ?? ""));
