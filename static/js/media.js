import { facade } from "./player/facade.js";

// The site's player on a video's page in the administration.
const box = document.getElementById("player");
facade(box, JSON.parse(document.getElementById("player-config").textContent));
