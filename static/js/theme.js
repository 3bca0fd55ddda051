// Runs before the first paint: the chosen theme, else the system's; and a mark that scripts run.
const kept = localStorage.getItem("theme");
const light = kept ? kept === "light" : matchMedia("(prefers-color-scheme: light)").matches;
document.documentElement.dataset.theme = light ? "light" : "dark";
document.documentElement.classList.add("js");
