/**
 * @typedef {object} Attributes attributes and, by names that begin with "on", listeners of a new element
 * @property {(event: MouseEvent) => unknown} [onclick]
 * @property {(event: Event) => unknown} [oninput]
 * @property {(event: Event) => unknown} [onload]
 * @property {(event: Event | string) => unknown} [onerror]
 */

/**
 * The first match of `selector`, which must exist and be of the given type.
 *
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {{ new (): T }} [type] HTMLElement if left out
 * @returns {T}
 */
export function find(root, selector, type) {
  const found = root.querySelector(selector);
  if (!(found instanceof (type ?? HTMLElement))) throw new Error(`Nothing in the page matches ${selector}`);
  return /** @type {T} */ (found);
}

/**
 * Every match of `selector` that is an HTML element.
 *
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement[]}
 */
export const findAll = (root, selector) => [...root.querySelectorAll(selector)].filter((e) => e instanceof HTMLElement);

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes & Record<string, unknown>} attributes null and false leave one out
 * @param {...(Node | string | null | false | undefined)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child) made.append(child);
  return made;
}

/**
 * @param {string} sprite the address of icons.svg
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function icon(sprite, name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}
