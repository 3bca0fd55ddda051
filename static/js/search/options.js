import { element, icon } from "../dom.js";

/**
 * @typedef {object} Suggestion
 * @property {"mine" | "title" | "person" | "hot"} source
 * @property {string} text
 * @property {string} url
 * @property {[part: string, hit: boolean][]} [parts] the text, in parts that match what is typed and others
 * @property {number} [movie]
 * @property {string} [line]
 * @property {[avif: string, jpeg: string]} [poster]
 */

/**
 * The options of the list, by source. Texts become text nodes, never markup.
 *
 * @param {Suggestion[]} suggestions
 * @param {string} id of the list
 * @param {DOMStringMap} words the names of the sources (`labelMine` …) and `icons`, the address of the sprite
 * @returns {HTMLElement[]}
 */
export function groups(suggestions, id, words) {
  /** @type {Map<string, HTMLElement>} */
  const made = new Map();
  suggestions.forEach((one, at) => {
    const { source } = one;
    if (!made.has(source)) made.set(source, group(source, `${id}-${source}`, words));
    made.get(source)?.append(option(one, at, `${id}-${at}`, words.icons ?? ""));
  });
  return [...made.values()];
}

/**
 * @param {string} source
 * @param {string} id
 * @param {DOMStringMap} words
 */
function group(source, id, words) {
  const name = words[`label${source[0].toUpperCase()}${source.slice(1)}`] ?? "";
  const label = element("div", { id, class: "search__label", role: "presentation" }, name);
  return element("div", { role: "group", class: `search__${source}`, "aria-labelledby": id }, label);
}

/**
 * @param {Suggestion} one
 * @param {number} at
 * @param {string} id
 * @param {string} icons
 */
function option(one, at, id, icons) {
  const text = element("span", { class: "search__text" });
  for (const [part, hit] of one.parts ?? [[one.text, false]]) text.append(hit ? element("mark", {}, part) : part);
  return element(
    "a",
    { id, href: one.url, role: "option", tabindex: "-1", "data-at": at },
    one.source === "title" && poster(one),
    element("span", { class: "search__words" }, text, one.line && element("small", {}, one.line)),
    // for a pointer; by keyboard Shift+Delete, and the search page has buttons
    one.source === "mine" &&
      element("span", { class: "search__remove", "data-remove": true, "aria-hidden": "true" }, icon(icons, "x")),
  );
}

/** @param {Suggestion} one */
function poster({ poster: files, text }) {
  if (!files) return element("span", { class: "search__poster", "aria-hidden": "true" }, text.slice(0, 1));
  const [avif, jpeg] = files;
  const image = element("img", { src: jpeg, alt: "", width: "36", height: "54", decoding: "async" });
  const picture = element("picture", {}, element("source", { type: "image/avif", srcset: avif }), image);
  return element("span", { class: "search__poster" }, picture);
}
