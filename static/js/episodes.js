import { arrangeable } from "./arrange.js";
import { find } from "./dom.js";

const list = document.querySelector("[data-episodes]");
if (list instanceof HTMLElement) arrangeable(list, (line) => find(line, ".arrange__number", HTMLInputElement));
