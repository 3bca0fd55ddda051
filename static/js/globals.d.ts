// What browsers have and TypeScript's library leaves out.

interface Navigator {
  /** Network Information API; Chromium only. */
  readonly connection?: { readonly saveData: boolean };
}

interface Window {
  Alpine: unknown;
  /** django-unfold's functions for Alpine, by name. */
  getCurrentTab?: () => string;
}

declare module "@alpinejs/csp";
