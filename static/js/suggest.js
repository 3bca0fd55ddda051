const AFTER = 180; // milliseconds without a key before the site is asked

// Suggestions below the search box: a combobox as the ARIA practices describe it. Without an answer from the server it
// stays a plain field.
export function suggestions() {
  const form = document.querySelector("[data-suggest]");
  if (!form) return;
  const input = form.querySelector("input");
  const list = form.querySelector("[role=listbox]");
  let timer = 0;
  let asking = null;
  let current = -1;
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);

  const options = () => [...list.children];
  const mark = (next) => {
    options().forEach((option, at) => option.setAttribute("aria-selected", String(at === next)));
    current = next;
    if (next < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", options()[next].id);
  };
  const open = (shown) => {
    list.hidden = !shown;
    input.setAttribute("aria-expanded", String(shown));
    if (!shown) mark(-1);
  };
  const drop = () => {
    clearTimeout(timer);
    asking?.abort();
    open(false);
  };
  const show = (found) => {
    list.replaceChildren(
      ...found.map(({ text, url }, at) => {
        const option = document.createElement("a");
        Object.assign(option, { id: `${list.id}-${at}`, href: url, textContent: text, role: "option", tabIndex: -1 });
        return option;
      }),
    );
    open(found.length > 0 && document.activeElement === input);
  };
  const ask = async () => {
    asking?.abort();
    const text = input.value.trim();
    if (!text) return drop();
    asking = new AbortController();
    try {
      const answer = await fetch(`${form.dataset.suggest}?${new URLSearchParams({ q: text })}`, {
        signal: asking.signal,
      });
      if (answer.ok) show((await answer.json()).suggestions);
    } catch {
      open(false); // asked anew meanwhile, or no network: searching itself will say so
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
