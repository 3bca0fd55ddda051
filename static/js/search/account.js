import { token } from "../csrf.js";
import { element, find, icon } from "../dom.js";
import { added, load, removed, save } from "./own.js";

// The viewer's searches: in the account when signed in, else in this browser. The header's form says which.

const form = () => document.querySelector("[data-suggest]");

/** @returns {string} the address of the account's searches, "" for a viewer without an account */
const account = () => (form() instanceof HTMLFormElement && /** @type {HTMLElement} */ (form()).dataset.mine) || "";

/** @param {Record<string, unknown>} what */
const send = (what) =>
  fetch(account(), {
    method: "POST",
    keepalive: true,
    headers: { "Content-Type": "application/json", "X-CSRFToken": token() },
    body: JSON.stringify(what),
  }).catch(() => null); // offline: the next page shows what there still is

/** @param {string} text */
export function remember(text) {
  if (!account()) save(added(load(), text, Date.now()));
}

/** @param {string} text */
export function forget(text) {
  save(removed(load(), text));
  if (account()) send({ text });
}

export function clear() {
  save([]); // also what has still to be moved into the account
  if (account()) send({ all: true });
}

/** Moves what this browser kept into the account that has signed in since. */
async function moveIn() {
  const sent = load();
  if (!account() || !sent.length) return;
  const answer = await send({ searches: sent });
  if (answer?.ok) save(load().filter((one) => !sent.some((moved) => moved.text === one.text && moved.at === one.at)));
}

/** Remembers the search that this page shows, and fills the search page's list of a viewer without an account. */
export function ownSearches() {
  moveIn();
  if (account()) return;
  const results = document.querySelector("[data-searched]");
  if (results instanceof HTMLElement && results.dataset.searched) remember(results.dataset.searched);
  const section = document.querySelector("[data-own-searches]");
  if (section instanceof HTMLElement) list(section);
}

/** @param {HTMLElement} section */
function list(section) {
  const place = find(section, "ul");
  const show = () => {
    section.hidden = !load().length;
    place.replaceChildren(...load().map((one) => chip(one.text, section)));
  };
  section.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    const { submitter, target } = event;
    const question = /** @type {HTMLFormElement} */ (target).dataset.confirm;
    if (question && !confirm(question)) return;
    if (submitter instanceof HTMLButtonElement && submitter.name === "text") forget(submitter.value);
    else clear();
    show();
  });
  addEventListener("storage", show); // another tab searched or cleared
  show();
}

/**
 * @param {string} text
 * @param {HTMLElement} section
 */
function chip(text, section) {
  const { results = "", remove = "", icons = "" } = section.dataset;
  return element(
    "li",
    { class: "chip" },
    element("a", { href: `${results}?${new URLSearchParams({ q: text })}` }, text),
    element("button", { name: "text", value: text, "aria-label": remove.replace("{text}", text) }, icon(icons, "x")),
  );
}
