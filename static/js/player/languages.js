/**
 * Whether two tags (RFC 5646) name the same language.
 *
 * @param {string | undefined} one
 * @param {string | undefined} other
 */
export function isSame(one, other) {
  return Boolean(one && other) && one?.slice(0, 2).toLowerCase() === other?.slice(0, 2).toLowerCase();
}

/**
 * The `index` of the text in the first of the languages that has one, else of a text of unknown language, else -1.
 *
 * @param {{ language: string, index: number }[]} texts
 * @param {...(string | undefined)} languages
 */
export function inLanguage(texts, ...languages) {
  const found = languages.map((wanted) => texts.find(({ language }) => isSame(language, wanted)));
  const unknown = texts.find(({ language }) => !language || language === "und");
  return [...found, unknown].find(Boolean)?.index ?? -1;
}
