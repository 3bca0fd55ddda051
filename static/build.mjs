// Bundles the front end into static/dist: one stylesheet, two scripts, one sprite of the icons in use.
import { build } from "esbuild";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const out = "static/dist";
const icons = [
  "play", "pause", "volume-2", "volume-x", "maximize", "minimize", "settings", "captions", "captions-off", "picture-in-picture-2",
  "expand", "shrink", "skip-forward", "keyboard", "search", "house", "layout-grid", "crown", "user", "chevron-left", "chevron-right",
  "chevron-up", "chevron-down", "x", "sun", "moon", "heart", "share-2", "message-circle", "flame", "star", "clock", "lock", "info",
  "circle-alert", "arrow-up", "arrow-down", "minus", "list-video", "download", "languages", "log-in", "log-out", "history", "megaphone", "loader",
];

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const common = { bundle: true, minify: true, target: ["es2022", "chrome110", "firefox115", "safari16"], legalComments: "none", logLevel: "warning" };
await build({ ...common, entryPoints: { site: "static/js/site.js", watch: "static/js/watch.js", theme: "static/js/theme.js" }, format: "iife", outdir: out });
await build({ ...common, entryPoints: { site: "static/css/site.css" }, outdir: out });

const symbols = icons.map((name) => {
  const svg = readFileSync(`node_modules/lucide-static/icons/${name}.svg`, "utf8");
  const inner = svg.replace(/<!--.*?-->/gs, "").replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").replace(/\s+/g, " ");
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${inner}</symbol>`;
});
writeFileSync(`${out}/icons.svg`, `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`);
const favicon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0e1118"/><path d="M11 8.5v15l13-7.5z" fill="#ff7a59"/></svg>`;
writeFileSync(`${out}/favicon.svg`, favicon);
