import { find } from "./dom.js";

const SHOWN = 3000; // milliseconds

/**
 * Gives the page's address to the system's share sheet, or to the clipboard where there is none.
 *
 * @param {string} copied the message after that
 */
export function share(copied) {
  const button = document.querySelector("[data-share]");
  if (!button || !(navigator.share || navigator.clipboard)) return;
  button.classList.remove("action--waits");
  button.addEventListener("click", async () => {
    const url = location.origin + location.pathname;
    const touch = matchMedia("(pointer: coarse)").matches;
    try {
      if (navigator.share && touch) await navigator.share({ title: document.title, url });
      else {
        await navigator.clipboard.writeText(url);
        say(copied);
      }
    } catch {
      // The viewer closed the sheet, or the browser denies access to the clipboard.
    }
  });
}

/** @param {string} text */
function say(text) {
  const toast = Object.assign(document.createElement("p"), { className: "toast", textContent: text });
  find(document, ".toasts").append(toast);
  setTimeout(() => toast.remove(), SHOWN);
}
