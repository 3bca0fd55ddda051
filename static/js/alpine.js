// Alpine.js for django-unfold, from its build for strict content security policies: it reads the expressions in
// attributes itself, instead of having the browser compile them, so that the administration needs no 'unsafe-eval'.
// Takes the place of unfold/js/alpine/alpine.js. That build knows single expressions of local names; what unfold writes
// beyond that is said here in other words.
import Alpine from "@alpinejs/csp";

const SIDEBAR = "sidebarDesktopOpen";

/**
 * The page itself, whose attributes read localStorage and watch with a function.
 *
 * @param {string} tab
 */
function adminPage(tab) {
  return {
    activeTab: window.getCurrentTab?.() || tab,
    sidebarMobileOpen: false,
    [SIDEBAR]: localStorage.getItem(SIDEBAR) !== "0",
    // of this page, with the tab that is open
    get ownAddress() {
      const { pathname, search } = window.location;
      return pathname + search + (this.activeTab && this.activeTab !== "general" ? `#${this.activeTab}` : "");
    },
    /** @this {{ $watch(name: string, changed: (open: boolean) => void): void }} */
    init() {
      this.$watch(SIDEBAR, (open) => localStorage.setItem(SIDEBAR, open ? "1" : "0"));
    },
  };
}

/** @type {[RegExp, (...found: string[]) => string][]} unfold's text without white space → ours */
const REWORDED = [
  [
    /^\{(?:activeTab:'([^']*)',)?sidebarMobileOpen:false,sidebarDesktopOpen:\(localStorage.*$/,
    (_, tab = "") => `adminPage('${tab}')`,
  ],
  [/^activeTab=.*;\$watch\('sidebarDesktopOpen',.*$/, () => ""],
  [
    /^sidebarDesktopOpen=!sidebarDesktopOpen;localStorage\.setItem\(.*$/,
    () => "sidebarDesktopOpen = !sidebarDesktopOpen",
  ],
  [/^activeTab&&activeTab!=='general'\?window\.location\.pathname\+.*$/, () => "ownAddress"],
  [/^openSearchResults=true;currentIndex=0$/, () => "[openSearchResults = true, currentIndex = 0]"],
  [
    /^openSearchResults=false;if\(\$refs\.searchInput\.value===''\)\{.*blur\(\)\}else\{.*value=''\}$/,
    () =>
      "[openSearchResults = false, " +
      "$refs.searchInput.value === '' ? $refs.searchInput.blur() : ($refs.searchInput.value = '')]",
  ],
  [
    /^if\(!\$event\.metaKey&&!\$event\.ctrlKey\)selectItem\((true|false),(true|false)\)$/,
    (_, history, blank) => `!$event.metaKey && !$event.ctrlKey && selectItem(${history}, ${blank})`,
  ],
];

/** @param {Element} element */
function reword(element) {
  for (const attribute of element.attributes) {
    if (!attribute.name.startsWith("x-")) continue;
    const text = attribute.value.replace(/\s+/g, "").replace(/;$/, "");
    const found = REWORDED.find(([theirs]) => theirs.test(text));
    if (found) attribute.value = text.replace(...found);
  }
}

document.addEventListener("alpine:init", () => {
  Alpine.data("adminPage", adminPage);
  const scope = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (window));
  for (const name of ["theme", "searchForm", "searchDropdown", "searchCommand"]) {
    if (scope[name]) Alpine.data(name, scope[name]);
  }
  Alpine.interceptInit(reword);
});

window.Alpine = Alpine;
queueMicrotask(() => Alpine.start());
