import { arrangeable } from "./arrange.js";

const list = document.querySelector("[data-episodes]");
if (list) arrangeable(list, (line) => line.querySelector(".arrange__number"));
