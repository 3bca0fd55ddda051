import { find, findAll } from "./dom.js";

/** Where one day is shown at a time, its switch needs no request; without scripts it is a link. */
const page = find(document, "[data-calendar]");
for (const link of findAll(page, "[data-day]")) {
  link.addEventListener("click", (event) => {
    const column = find(page, `[data-column="${link.dataset.day}"]`);
    if (column.querySelector(".day__more")) return; // the day's own page shows all
    event.preventDefault();
    for (const other of findAll(page, "[data-day]")) {
      if (other === link) other.setAttribute("aria-current", "true");
      else other.removeAttribute("aria-current");
    }
    for (const other of findAll(page, "[data-column]")) other.classList.toggle("is-chosen", other === column);
    history.replaceState(null, "", link.getAttribute("href"));
  });
}
