// A page that waits for a payment polls the order until it is paid or closed, then loads itself again. The server says
// how long to wait at least. The page polls often in its first minute, rarely while it is hidden, and at once when it
// is shown again.
const PACE = [
  [60, 2],
  [180, 5],
  [Infinity, 10],
]; // [until this many seconds after it was shown, seconds between two requests]
const HIDDEN = 30; // seconds
const GONE = 5; // seconds, while the site can't be reached
const PATIENCE = 20; // seconds for an answer
const UNCLEAR = 7;
const WAITING = new Set([5, UNCLEAR]);

const place = document.querySelector("[data-ticket]");
const said = place.querySelector("[data-said]");
const body = new URLSearchParams({
  ticket: place.dataset.ticket,
  csrfmiddlewaretoken: place.querySelector("[name=csrfmiddlewaretoken]").value,
});
const usual = said.textContent;
let came = Date.now();
let timer = 0;
let asking = false;

async function check() {
  if (asking) return;
  asking = true;
  clearTimeout(timer);
  let least = GONE;
  try {
    const request = { method: "POST", body, signal: AbortSignal.timeout(PATIENCE * 1000) };
    const answer = await (await fetch(place.dataset.check, request)).json();
    if (!WAITING.has(answer.res)) return location.replace(location.href);
    say(answer.res === UNCLEAR ? answer.errmsg : usual);
    least = answer.wait;
  } catch {
    // offline for a moment: the next request may get through
  }
  asking = false;
  timer = setTimeout(check, Math.max(least, pace()) * (0.85 + 0.3 * Math.random()) * 1000);
}

function say(text) {
  if (said.textContent !== text) said.textContent = text;
}

function pace() {
  if (document.hidden) return HIDDEN;
  const looked = (Date.now() - came) / 1000;
  return PACE.find(([until]) => looked < until)[1];
}

function look() {
  if (document.hidden) return;
  came = Date.now();
  check();
}
document.addEventListener("visibilitychange", look);
addEventListener("online", look);
check();
