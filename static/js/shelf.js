// Arrow buttons for the scrolled rows; without them the row scrolls by touch, wheel and keyboard all the same.
export function shelves() {
  for (const shelf of document.querySelectorAll("[data-shelf]")) {
    const row = shelf.querySelector("[data-row]");
    const arrows = shelf.querySelector(".shelf__arrows");
    const buttons = [...arrows.querySelectorAll("button")];
    const update = () => {
      const most = row.scrollWidth - row.clientWidth;
      arrows.hidden = most < 8;
      buttons[0].disabled = row.scrollLeft < 8;
      buttons[1].disabled = row.scrollLeft > most - 8;
    };
    for (const button of buttons) {
      button.addEventListener("click", () =>
        row.scrollBy({ left: Number(button.dataset.by) * row.clientWidth * 0.9, behavior: "smooth" }),
      );
    }
    row.addEventListener("scroll", update, { passive: true });
    new ResizeObserver(update).observe(row);
    update();
  }
}
