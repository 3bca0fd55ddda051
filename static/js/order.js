// A page that waits for a payment polls the order until it is paid or closed, then loads itself again. The server says
// how long to wait at least. The page polls often in its first minute, rarely while it is hidden, and at once when it
// is shown again.
import { find } from "./dom.js";
import { pace } from "./pace.js";

const GONE = 5; // seconds, while the site can't be reached
const PATIENCE = 20; // seconds for an answer
const UNCLEAR = 7;
const WAITING = new Set([5, UNCLEAR]);

const place = find(document, "[data-ticket]");
const said = find(place, "[data-said]");
const body = new URLSearchParams({
  ticket: place.dataset.ticket ?? "",
  csrfmiddlewaretoken: find(place, "[name=csrfmiddlewaretoken]", HTMLInputElement).value,
});
const usual = said.textContent ?? "";
let came = Date.now();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let asking = false;

async function check() {
  if (asking) return;
  asking = true;
  clearTimeout(timer);
  let least = GONE;
  try {
    const request = { method: "POST", body, signal: AbortSignal.timeout(PATIENCE * 1000) };
    const answer = await (await fetch(place.dataset.check ?? "", request)).json();
    if (!WAITING.has(answer.res)) {
      location.replace(location.href);
      return;
    }
    say(answer.res === UNCLEAR ? answer.errmsg : usual);
    least = answer.wait;
  } catch {
    // offline for a moment: the next request may get through
  }
  asking = false;
  const wait = Math.max(least, pace((Date.now() - came) / 1000, document.hidden));
  timer = setTimeout(check, wait * (0.85 + 0.3 * Math.random()) * 1000);
}

/** @param {string} text */
function say(text) {
  if (said.textContent !== text) said.textContent = text;
}

function look() {
  if (document.hidden) return;
  came = Date.now();
  check();
}
document.addEventListener("visibilitychange", look);
addEventListener("online", look);
check();
