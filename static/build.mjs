// Bundles the front end into static/dist: the site's style and script, the watch page's, the player's (fetched when
// somebody is about to watch), and one sprite of the icons in use.
import { build } from "esbuild";
import vm from "node:vm";
import { table } from "./sizes.mjs";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

/** @import { BuildOptions, Plugin } from "esbuild" */

const out = "static/dist";
const icons = [
  "play",
  "pause",
  "volume-2",
  "volume-x",
  "maximize",
  "minimize",
  "settings",
  "captions",
  "audio-lines",
  "picture-in-picture-2",
  "expand",
  "skip-forward",
  "keyboard",
  "rectangle-horizontal",
  "search",
  "house",
  "layout-grid",
  "crown",
  "user",
  "chevron-left",
  "chevron-right",
  "chevron-up",
  "chevron-down",
  "x",
  "sun",
  "moon",
  "share-2",
  "message-circle",
  "flame",
  "lock",
  "info",
  "circle-alert",
  "arrow-up",
  "arrow-down",
  "minus",
  "download",
  "log-out",
  "history",
  "megaphone",
  "monitor-smartphone",
  "shield-check",
  "receipt-text",
  "mail",
  "check",
  "user-round-cog",
  "folder-lock",
  "wallet",
  "key-round",
  "smartphone",
  "link-2",
  "globe",
  "calendar-days",
];

const solid = new Set(["play", "pause"]);

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
/** @type {BuildOptions} */
const common = {
  bundle: true,
  minify: true,
  target: ["es2022", "chrome110", "firefox115", "safari16"],
  legalComments: "none",
  logLevel: "warning",
};

// ArtPlayer writes its rules into a <style> element, which the page's policy forbids. The build puts them into our own
// stylesheet instead, without the tooltips (our buttons have titles).
const STYLE = /^const style = ("(?:[^"\\]|\\[^])*");$/m;
const INJECTED = 'setStyleText("artplayer-style", style);';
/** @type {Plugin} */
const artplayer = {
  name: "artplayer",
  setup({ onResolve, onLoad }) {
    const source = readFileSync("node_modules/artplayer/dist/artplayer.mjs", "utf8");
    const found = source.match(STYLE);
    if (!found || !source.includes(INJECTED))
      throw new Error("This ArtPlayer keeps its style elsewhere: see static/build.mjs.");
    onLoad({ filter: /artplayer\.mjs$/ }, () => ({
      contents: source.replace(found[0], 'const style = "";').replace(INJECTED, ""),
    }));
    onResolve({ filter: /^artplayer\.css$/ }, () => ({ path: "artplayer.css", namespace: "artplayer" }));
    onLoad({ filter: /./, namespace: "artplayer" }, () => ({
      contents: vm
        .runInNewContext(found[1])
        .replace(/\/\*[^]*?\*\//g, "")
        .replace(/[^{}]*hint--[^{}]*\{[^{}]*\}/g, ""),
      loader: "css",
    }));
  },
};
const scripts = { ...common, sourcemap: true, outdir: out, plugins: [artplayer] };
const classic = {
  site: "static/js/site.js",
  theme: "static/js/theme.js",
  order: "static/js/order.js",
  outside: "static/js/outside.js",
  encoding: "static/js/encoding.js",
  "unfold/js/alpine/alpine": "static/js/alpine.js",
  "upload-hash": "static/js/upload/hash.worker.js",
};
const modules = {
  watch: "static/js/watch.js",
  calendar: "static/js/calendar.js",
  player: "static/js/player/player.js",
  upload: "static/js/upload/page.js",
  episodes: "static/js/episodes.js",
  media: "static/js/media.js",
};
const styles = Object.fromEntries(
  ["site", "search", "watch", "browse", "player", "cashier", "upload", "media"].map((name) => [
    name,
    `static/css/${name}.css`,
  ]),
);
await build({ ...scripts, entryPoints: classic, format: "iife" });
await build({ ...scripts, entryPoints: modules, format: "esm" });
await build({ ...common, entryPoints: styles, outdir: out, plugins: [artplayer] });

const STROKE = 'stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';
const symbols = icons.map((name) => {
  const svg = readFileSync(`node_modules/lucide-static/icons/${name}.svg`, "utf8");
  const inner = svg
    .replace(/<!--.*?-->/gs, "")
    .replace(/^[\s\S]*?<svg[^>]*>/, "")
    .replace(/<\/svg>\s*$/, "")
    .replace(/\s+/g, " ");
  const paint = `fill="${solid.has(name) ? "currentColor" : "none"}" stroke="currentColor" ${STROKE}`;
  return `<symbol id="${name}" viewBox="0 0 24 24" ${paint}>${inner}</symbol>`;
});
writeFileSync(`${out}/icons.svg`, `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`);
const favicon = [
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">',
  '<rect width="32" height="32" rx="8" fill="#0e1118"/>',
  '<path d="M11 8.5v15l13-7.5z" fill="#ff7a59"/>',
  "</svg>",
].join("");
writeFileSync(`${out}/favicon.svg`, favicon);

console.log(table());
