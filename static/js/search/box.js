import { find } from "../dom.js";
import { clear, forget, remember } from "./account.js";
import { next, START } from "./machine.js";
import { groups } from "./options.js";
import { beginning, load, plain } from "./own.js";

/** @import { Box, Happening, Task } from "./machine.js" */
/** @import { Suggestion } from "./options.js" */
const GOOD_FOR = 60_000; // milliseconds that an answer is used again
const OWN = 2; // own searches at most while something is typed
const OWN_AT_FIRST = 6; // and in an empty box

/**
 * Suggestions below the search box: a combobox as the ARIA practices describe it. Without an answer from the server it
 * stays a plain field.
 */
export function searchBox() {
  const found = document.querySelector("[data-suggest]");
  if (found instanceof HTMLFormElement) new SearchBox(found);
}

class SearchBox {
  /** @type {Box} */
  #box = START;

  /** @type {Suggestion[]} */
  #options = [];

  /** @type {Map<string, { at: number, found: Suggestion[] }>} */
  #known = new Map();

  /** @type {AbortController | null} */
  #asking = null;

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.form = form;
    this.input = find(form, "input", HTMLInputElement);
    this.panel = find(form, "[data-panel]");
    this.list = find(form, "[role=listbox]");
    this.said = find(form, "[role=status]");
    this.emptied = find(form, "[data-clear]", HTMLButtonElement);
    const { input, panel } = this;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", this.list.id);
    const text = () => ({ text: input.value, at: performance.now() });
    input.addEventListener("input", () => this.#happen({ type: "typed", ...text() }));
    input.addEventListener("focus", () => this.#happen({ type: "focus", ...text() }));
    input.addEventListener("click", () => this.#happen({ type: "focus", ...text() }));
    input.addEventListener("compositionstart", () => this.#happen({ type: "composing" }));
    input.addEventListener("compositionend", () => this.#happen({ type: "composed", ...text() }));
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return; // the keys belong to the input method while it composes
      const { key, altKey: alt, shiftKey: shift } = event;
      const tasks = this.#happen({ type: "key", key, alt, shift, at: performance.now() });
      if (tasks.some((task) => task.type === "keep")) event.preventDefault();
    });
    panel.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus until the click
    panel.addEventListener("click", (event) => this.#click(event));
    form.addEventListener("submit", () => this.#happen({ type: "leave" }));
    form.addEventListener("focusout", ({ relatedTarget }) => {
      if (!form.contains(/** @type {Node | null} */ (relatedTarget))) this.#happen({ type: "leave" });
    });
    this.#show();
    if (document.activeElement === input) {
      // a viewer was faster than the script
      this.#happen({ type: input.value === input.defaultValue ? "focus" : "typed", ...text() });
    }
  }

  /**
   * @param {Happening} what
   * @returns {Task[]}
   */
  #happen(what) {
    const [box, tasks] = next(this.#box, what);
    this.#box = box;
    for (const task of tasks) this.#do(task);
    this.#show();
    clearTimeout(this.#timer);
    if (this.#box.due !== null) {
      const wait = this.#box.due - performance.now();
      this.#timer = setTimeout(
        () => this.#happen({ type: "due", at: Math.max(box.due ?? 0, performance.now()) }),
        wait,
      );
    }
    return tasks;
  }

  /** @param {Task} task */
  #do(task) {
    if (task.type === "abort") this.#asking?.abort();
    else if (task.type === "ask") this.#ask(task.number, task.text);
    else if (task.type === "announce") this.#announce(task.count);
    else if (task.type === "pick") this.#elements()[task.option]?.click();
    else if (task.type === "remove") this.#remove(this.#options[task.option]);
  }

  /**
   * @param {number} number
   * @param {string} text
   */
  async #ask(number, text) {
    this.#asking?.abort();
    this.#asking = new AbortController();
    try {
      const found = await this.#found(text, this.#asking.signal);
      if (number !== this.#box.asked) return;
      this.#options = this.#with(found, text);
      this.#fill();
      this.#happen({ type: "answer", number, text, count: this.#options.length });
    } catch {
      this.#happen({ type: "failed", number }); // replaced by a newer request, or there is no network
    }
  }

  /**
   * @param {string} text
   * @param {AbortSignal} signal
   * @returns {Promise<Suggestion[]>}
   */
  async #found(text, signal) {
    const known = this.#known.get(text);
    if (known && performance.now() - known.at < GOOD_FOR) return known.found;
    const answer = await fetch(`${this.form.dataset.suggest}?${new URLSearchParams({ q: text })}`, { signal });
    if (!answer.ok) throw new Error(String(answer.status));
    const { suggestions } = await answer.json();
    this.#known.set(text, { at: performance.now(), found: suggestions });
    return suggestions;
  }

  /**
   * With the searches that this browser keeps, first.
   *
   * @param {Suggestion[]} found
   * @param {string} text
   * @returns {Suggestion[]}
   */
  #with(found, text) {
    if (this.form.dataset.mine) return found;
    const own = beginning(load(), text, text ? OWN : OWN_AT_FIRST);
    const url = (/** @type {string} */ one) => `${this.form.action}?${new URLSearchParams({ q: one })}`;
    const known = new Set(own.map(plain));
    return [
      ...own.map((one) => /** @type {Suggestion} */ ({ source: "mine", text: one, url: url(one) })),
      ...found.filter((one) => one.movie || !known.has(plain(one.text))),
    ];
  }

  #fill() {
    this.list.replaceChildren(...groups(this.#options, this.list.id, this.form.dataset));
    const { text } = this.#box;
    this.emptied.hidden = Boolean(text.trim()) || !this.#options.some((one) => one.source === "mine");
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const target = /** @type {Element} */ (event.target);
    if (target.closest("[data-clear]")) {
      clear();
      this.#known.clear();
      this.#options = this.#options.filter((one) => one.source !== "mine");
      this.#fill();
      this.input.focus();
      this.#happen({ type: "removed", count: this.#options.length });
      return;
    }
    const option = target.closest("[role=option]");
    const one = option instanceof HTMLElement ? this.#options[Number(option.dataset.at)] : null;
    if (!one) return;
    if (target.closest("[data-remove]")) {
      event.preventDefault();
      this.#remove(one);
    } else if (one.movie) {
      remember(one.text);
      picked(this.form.dataset.picked ?? "", one.movie);
    }
  }

  /** @param {Suggestion} one */
  #remove(one) {
    if (one.source !== "mine") return;
    forget(one.text);
    this.#known.clear();
    this.#options = this.#options.filter((other) => other !== one);
    this.#fill();
    this.#happen({ type: "removed", count: this.#options.length });
  }

  #elements() {
    return /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll("[role=option]")]);
  }

  /** @param {number} count */
  #announce(count) {
    const { none = "", one = "", some = "" } = this.form.dataset;
    this.said.textContent = count === 0 ? none : count === 1 ? one : some.replace("{n}", String(count));
  }

  #show() {
    const { open, current } = this.#box;
    this.panel.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    this.#elements().forEach((option, at) => {
      option.setAttribute("aria-selected", String(at === current));
      if (at !== current) return;
      this.input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    });
    if (current < 0) this.input.removeAttribute("aria-activedescendant");
    if (!open) this.said.textContent = "";
  }
}

/**
 * Tells the server that a suggested title was opened.
 *
 * @param {string} address
 * @param {number} movie
 */
function picked(address, movie) {
  const headers = { "Content-Type": "application/json" };
  fetch(address, { method: "POST", keepalive: true, headers, body: JSON.stringify({ movie }) }).catch(() => null);
}
