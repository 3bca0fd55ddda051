import { element } from "../dom.js";

/** @import { Choice } from "./types" */

/**
 * A button that opens a list of choices, by pointer and keyboard (WAI-ARIA menu button).
 *
 * @template T
 */
export class Menu {
  /** @type {Choice<T>[]} */
  choices = [];

  /** @type {T | undefined} */
  chosen;

  /** @type {(value: T) => void} */
  pick = () => {};

  /**
   * @param {string} label
   * @param {string} name of its style
   * @param {Node | null} [sign] an icon on the button
   */
  constructor(label, name, sign = null) {
    this.label = label;
    this.shown = element("span");
    this.button = element(
      "button",
      {
        type: "button",
        class: "player__choice",
        "aria-haspopup": "menu",
        "aria-expanded": "false",
        onclick: () => this.toggle(),
      },
      sign,
      this.shown,
    );
    this.list = element("div", { class: "player__menu", role: "menu", "aria-label": label, hidden: true });
    this.root = element(
      "div",
      { class: `player__chooser player__chooser--${name}`, hidden: true },
      this.button,
      this.list,
    );
    const leaves = (/** @type {EventTarget | null} */ target) => {
      if (!this.root.contains(/** @type {Node | null} */ (target))) this.toggle(false);
    };
    this.root.addEventListener("keydown", (event) => this.#key(event));
    this.root.addEventListener("focusout", (event) => leaves(event.relatedTarget));
    document.addEventListener("pointerdown", (event) => leaves(event.target));
  }

  /**
   * @param {Choice<T>[]} choices
   * @param {T} chosen
   * @param {(value: T) => void} pick
   */
  fill(choices, chosen, pick) {
    this.choices = choices;
    this.pick = pick;
    this.list.replaceChildren(...choices.map((choice) => this.#item(choice, choice.value === chosen)));
    this.chosen = chosen;
    this.root.hidden = false;
  }

  /**
   * @param {Choice<T>} choice
   * @param {boolean} checked
   */
  #item({ value, label }, checked) {
    const attributes = {
      type: "button",
      role: "menuitemradio",
      "aria-checked": String(checked),
      tabindex: "-1",
      onclick: (/** @type {MouseEvent} */ { detail }) => {
        this.pick(value);
        this.toggle(false);
        if (!detail) this.button.focus(); // pressed by a key
      },
    };
    return element("button", attributes, label);
  }

  /**
   * @param {T} value
   * @param {string} shown on the button
   */
  choose(value, shown) {
    this.chosen = value;
    this.shown.textContent = shown;
    this.button.setAttribute("aria-label", `${this.label}: ${shown}`);
    this.#items.forEach((item, n) => item.setAttribute("aria-checked", String(this.choices[n].value === value)));
  }

  toggle(open = this.list.hidden) {
    if (open === !this.list.hidden) return;
    this.list.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) (this.#items.find((item) => item.getAttribute("aria-checked") === "true") ?? this.#items[0])?.focus();
  }

  get #items() {
    return /** @type {HTMLElement[]} */ ([...this.list.children]);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const items = this.#items;
    const at = items.findIndex((item) => item === document.activeElement);
    if (this.list.hidden) {
      if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
      this.toggle(true);
    } else if (event.key === "Escape") {
      this.toggle(false);
      this.button.focus();
    } else if (event.key === "ArrowDown") items[(at + 1) % items.length].focus();
    else if (event.key === "ArrowUp") items[(at - 1 + items.length) % items.length].focus();
    else if (event.key === "Home") items[0].focus();
    else if (event.key === "End") items.at(-1)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
