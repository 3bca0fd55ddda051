import { element } from "./dom.js";

// A button that opens a list of choices, by pointer and keyboard (WAI-ARIA menu button).
export class Menu {
  constructor(label, name, sign = null) {
    this.label = label;
    this.choices = [];
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
    this.root.addEventListener("keydown", (event) => this.#key(event));
    this.root.addEventListener("focusout", (event) => this.root.contains(event.relatedTarget) || this.toggle(false));
    document.addEventListener("pointerdown", (event) => this.root.contains(event.target) || this.toggle(false));
  }

  fill(choices, chosen, pick) {
    this.choices = choices;
    this.pick = pick;
    this.list.replaceChildren(
      ...choices.map(({ value, label }) =>
        element(
          "button",
          {
            type: "button",
            role: "menuitemradio",
            "aria-checked": String(value === chosen),
            tabindex: "-1",
            onclick: ({ detail }) => {
              // of a key: none
              pick(value);
              this.toggle(false);
              if (!detail) this.button.focus();
            },
          },
          label,
        ),
      ),
    );
    this.chosen = chosen;
    this.root.hidden = false;
  }

  choose(value, shown) {
    this.chosen = value;
    this.shown.textContent = shown;
    this.button.setAttribute("aria-label", `${this.label}: ${shown}`);
    [...this.list.children].forEach((item, n) =>
      item.setAttribute("aria-checked", String(this.choices[n].value === value)),
    );
  }

  toggle(open = this.list.hidden) {
    if (open === !this.list.hidden) return;
    this.list.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) (this.list.querySelector('[aria-checked="true"]') || this.list.firstElementChild)?.focus();
  }

  #key(event) {
    const items = [...this.list.children];
    const at = items.indexOf(document.activeElement);
    if (this.list.hidden) {
      if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
      this.toggle(true);
    } else if (event.key === "Escape") {
      this.toggle(false);
      this.button.focus();
    } else if (event.key === "ArrowDown") items[(at + 1) % items.length].focus();
    else if (event.key === "ArrowUp") items[(at - 1 + items.length) % items.length].focus();
    else if (event.key === "Home") items[0].focus();
    else if (event.key === "End") items.at(-1).focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
