// The waiting page: asks how the order stands until it is paid or closed, then shows the page anew.
const EVERY = 2; // seconds at first
const SELDOM = 10; // seconds once the buyer has been away for a while, or while the payment service doesn't answer
const UNCLEAR = 7;
const WAITING = new Set([5, UNCLEAR]);

const place = document.querySelector("[data-order]");
const said = place.querySelector("[data-said]");
const body = new URLSearchParams({
  order: place.dataset.order,
  csrfmiddlewaretoken: place.querySelector("[name=csrfmiddlewaretoken]").value,
});
let asked = 0;

async function check() {
  asked += 1;
  let wait = asked < 60 ? EVERY : SELDOM;
  try {
    const answer = await (await fetch(place.dataset.check, { method: "POST", body })).json();
    if (!WAITING.has(answer.res)) return location.reload();
    if (answer.res === UNCLEAR) {
      said.textContent = answer.errmsg;
      wait = SELDOM;
    }
  } catch {
    // the connection is gone for a moment: the next question may get through
  }
  setTimeout(check, wait * 1000);
}
check();
