import { Player } from "./player/player.js";

const box = document.getElementById("player");
const config = JSON.parse(document.getElementById("player-config").textContent);

if (config.master) new Player(box, config);
else if (config.state === "processing") setTimeout(() => location.reload(), 15000);
