import { facade } from "./player/facade.js";
import { share } from "./share.js";
import { unfold } from "./unfold.js";
import { waiting } from "./waiting.js";

const box = document.getElementById("player");
const config = JSON.parse(document.getElementById("player-config").textContent);

if (config.master) facade(box, config);
else if (config.state === "processing") waiting(config.readyUrl);
share(config.words.copied);
unfold(document.querySelector(".summary"));
