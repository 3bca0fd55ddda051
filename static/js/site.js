import htmx from "htmx.org";
import { find, findAll } from "./dom.js";
import { hero } from "./hero.js";
import { previews } from "./preview.js";
import { shelves } from "./shelf.js";
import { ownSearches } from "./search/account.js";
import { searchBox } from "./search/box.js";

htmx.config.includeIndicatorStyles = false; // a <style> element would break the page's policy
htmx.config.allowEval = false;

function header() {
  const bar = find(document, "[data-header]");
  const update = () => bar.classList.toggle("is-scrolled", scrollY > 24);
  addEventListener("scroll", update, { passive: true });
  update();
}

function theme() {
  document.querySelector("[data-theme-switch]")?.addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "light" ? "dark" : "light";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("theme", next);
  });
}

/** @returns {HTMLDetailsElement[]} */
const openMenus = () =>
  [...document.querySelectorAll("details[data-menu][open]")].filter((menu) => menu instanceof HTMLDetailsElement);

function menus() {
  document.addEventListener("click", (event) => {
    const target = /** @type {Node} */ (event.target);
    for (const menu of openMenus()) if (!menu.contains(target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of openMenus()) {
      menu.open = false;
      find(menu, "summary").focus();
    }
  });
}

function forms() {
  // A form can't be sent twice; the browser's back button gives it back.
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (form.dataset.confirm && !confirm(form.dataset.confirm)) {
      event.preventDefault();
      return;
    }
    if ("once" in form.dataset) {
      event.submitter?.setAttribute("aria-busy", "true");
      setTimeout(() => form.querySelectorAll("button").forEach((b) => (b.disabled = true)));
    }
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-once]")) {
      for (const button of form.querySelectorAll("button")) {
        button.disabled = false;
        button.removeAttribute("aria-busy");
      }
    }
  });
  for (const button of findAll(document, "[data-reveal]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const input = find(document, `#${button.dataset.reveal}`, HTMLInputElement);
      const shown = input.type === "text";
      input.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
    });
  }
}

function tabs() {
  // On a phone the account's menu is a row that scrolls: show where one is.
  for (const tab of document.querySelectorAll(".account__menu [aria-current]"))
    tab.scrollIntoView({ block: "nearest", inline: "center" });
}

function toasts() {
  for (const toast of document.querySelectorAll(".toast")) setTimeout(() => toast.remove(), 6000);
}

header();
theme();
menus();
forms();
tabs();
toasts();
hero();
shelves();
previews();
ownSearches();
searchBox();
