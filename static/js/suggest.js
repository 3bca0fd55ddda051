import { find } from "./dom.js";

const AFTER = 180; // milliseconds without a key before the request

/**
 * Suggestions below the search box: a combobox as the ARIA practices describe it. Without an answer from the server it
 * stays a plain field.
 */
export function suggestions() {
  const form = document.querySelector("[data-suggest]");
  if (!(form instanceof HTMLFormElement)) return;
  const input = find(form, "input", HTMLInputElement);
  const list = find(form, "[role=listbox]");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {AbortController | null} */
  let asking = null;
  let current = -1;
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);

  const options = () => /** @type {HTMLElement[]} */ ([...list.children]);
  const mark = (/** @type {number} */ next) => {
    options().forEach((option, at) => option.setAttribute("aria-selected", String(at === next)));
    current = next;
    if (next < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", options()[next].id);
  };
  const open = (/** @type {boolean} */ shown) => {
    list.hidden = !shown;
    input.setAttribute("aria-expanded", String(shown));
    if (!shown) mark(-1);
  };
  const drop = () => {
    clearTimeout(timer);
    asking?.abort();
    open(false);
  };
  const show = (/** @type {{ text: string, url: string }[]} */ found) => {
    const made = found.map(({ text, url }, at) => {
      const option = document.createElement("a");
      return Object.assign(option, {
        id: `${list.id}-${at}`,
        href: url,
        textContent: text,
        role: "option",
        tabIndex: -1,
      });
    });
    list.replaceChildren(...made);
    open(found.length > 0 && document.activeElement === input);
  };
  const ask = async () => {
    asking?.abort();
    const text = input.value.trim();
    if (!text) {
      drop();
      return;
    }
    asking = new AbortController();
    try {
      const address = `${form.dataset.suggest}?${new URLSearchParams({ q: text })}`;
      const answer = await fetch(address, { signal: asking.signal });
      if (answer.ok) show((await answer.json()).suggestions);
    } catch {
      open(false); // a newer request replaced this one, or there is no network: the search itself will say so
    }
  };
  open(false);
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, AFTER);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return; // the keys belong to the input method while it composes
    const count = list.children.length;
    if (event.key === "ArrowDown") mark(current + 1 < count ? current + 1 : -1);
    else if (event.key === "ArrowUp") mark(current < 0 ? count - 1 : current - 1);
    else if (event.key === "Escape") drop();
    else if (event.key === "Enter" && current >= 0) options()[current].click();
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus until the click
  form.addEventListener("submit", drop);
  form.addEventListener("focusout", drop);
}
