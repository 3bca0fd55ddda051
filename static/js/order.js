// The waiting page: asks how the order stands until it is paid or closed, then shows the page anew.
const EVERY = 2; // seconds at first
const SELDOM = 10; // seconds once the buyer has been away for a while
const WAITING = new Set([5, 7]);

const place = document.querySelector("[data-order]");
const said = place.querySelector("[data-said]");
const body = new URLSearchParams({
  order: place.dataset.order,
  csrfmiddlewaretoken: place.querySelector("[name=csrfmiddlewaretoken]").value,
});
let asked = 0;

async function check() {
  asked += 1;
  try {
    const answer = await (await fetch(place.dataset.check, { method: "POST", body })).json();
    if (!WAITING.has(answer.res)) return location.reload();
    if (answer.res === 7) said.textContent = answer.errmsg;
  } catch {
    // the connection is gone for a moment: the next question may get through
  }
  setTimeout(check, (asked < 60 ? EVERY : SELDOM) * 1000);
}
check();
