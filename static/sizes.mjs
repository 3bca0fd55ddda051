// The size of each bundle as a browser loads it, and the most it may have. A bundle that outgrows its limit fails the
// tests: raise the limit in the same change, and say why in its message.
import { readFileSync } from "node:fs";
import { brotliCompressSync, gzipSync } from "node:zlib";

const FOLDER = new URL("./dist/", import.meta.url);

// Bytes: [gzip, brotli].
export const LIMITS = {};

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
