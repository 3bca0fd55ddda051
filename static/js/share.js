const TOLD = 3000; // milliseconds

// Gives the page's address to the system's share sheet, or to the clipboard where there is none.
export function share(copied) {
  const button = document.querySelector("[data-share]");
  if (!button || !(navigator.share || navigator.clipboard)) return;
  button.classList.remove("action--waits");
  button.addEventListener("click", async () => {
    const url = location.origin + location.pathname;
    const touch = matchMedia("(pointer: coarse)").matches;
    try {
      if (navigator.share && touch) return await navigator.share({ title: document.title, url });
      await navigator.clipboard.writeText(url);
      tell(copied);
    } catch {
      return; // the viewer closed the sheet, or the browser keeps its clipboard
    }
  });
}

function tell(text) {
  const toast = Object.assign(document.createElement("p"), { className: "toast", textContent: text });
  document.querySelector(".toasts").append(toast);
  setTimeout(() => toast.remove(), TOLD);
}
