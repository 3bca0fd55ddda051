import { find, findAll } from "./dom.js";

/** Arrow buttons for the scrolled rows. Without them a row scrolls by touch, wheel and keyboard all the same. */
export function shelves() {
  for (const shelf of findAll(document, "[data-shelf]")) {
    const row = find(shelf, "[data-row]");
    const arrows = find(shelf, ".shelf__arrows");
    const buttons = [...arrows.querySelectorAll("button")];
    const update = () => {
      const most = row.scrollWidth - row.clientWidth;
      arrows.hidden = most < 8;
      buttons[0].disabled = row.scrollLeft < 8;
      buttons[1].disabled = row.scrollLeft > most - 8;
    };
    for (const button of buttons) {
      const scroll = () =>
        row.scrollBy({ left: Number(button.dataset.by) * row.clientWidth * 0.9, behavior: "smooth" });
      button.addEventListener("click", scroll);
    }
    row.addEventListener("scroll", update, { passive: true });
    new ResizeObserver(update).observe(row);
    update();
  }
}
