const cookie = (/** @type {string} */ name) =>
  document.cookie
    .split("; ")
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1) ?? "";

/** The CSRF token. The session may have been renewed in another tab: the newest one counts. */
export function token() {
  /** @type {HTMLInputElement | null} */
  const field = document.querySelector("input[name=csrfmiddlewaretoken]");
  return cookie("csrftoken") || field?.value || "";
}
