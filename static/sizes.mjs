// The size of each bundle as a browser loads it, and the most it may have. A bundle that outgrows its limit fails the
// tests: raise the limit in the same change, and say why in its message.
import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

const FOLDER = new URL("./dist/", import.meta.url);

/** @type {Record<string, [gzip: number, brotli: number]>} bytes at most, by bundle */
export const LIMITS = {
  "browse.css": [1700, 1450],
  "calendar.js": [700, 600],
  "cashier.css": [1050, 900],
  "encoding.js": [550, 450],
  "episodes.js": [850, 750],
  "favicon.svg": [250, 200],
  "icons.svg": [2850, 2550],
  "media.css": [2900, 2500],
  "media.js": [1700, 1450],
  "order.js": [800, 700],
  "outside.js": [600, 500],
  "player.css": [5750, 5150],
  "player.js": [236300, 194450],
  "search.css": [1450, 1250],
  "site.css": [10450, 9300],
  "site.js": [24600, 22100],
  "theme.js": [300, 250],
  "unfold/js/alpine/alpine.js": [25200, 22450],
  "upload-hash.js": [7400, 6100],
  "upload.css": [1950, 1650],
  "upload.js": [22900, 19850],
  "watch.css": [2950, 2600],
  "watch.js": [2400, 2050],
};

/**
 * @param {string} name of a file in static/dist
 * @returns {[number, number]} its bytes with gzip and with brotli, each at its best
 */
export function measure(name) {
  const bytes = readFileSync(new URL(name, FOLDER));
  return [gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length];
}

/** @returns {string} a line for each bundle: its sizes and their limits in bytes */
export function table() {
  const row = (/** @type {(string | number)[]} */ [name, ...figures]) =>
    String(name).padEnd(28) + figures.map((figure) => String(figure).padStart(9)).join("");
  const rows = Object.entries(LIMITS).map(([name, limits]) => {
    const [gzip, brotli] = measure(name);
    return row([name, gzip, limits[0], brotli, limits[1]]);
  });
  return [row(["bundle", "gzip", "at most", "brotli", "at most"]), ...rows].join("\n");
}
