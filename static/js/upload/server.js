// What the upload page asks of the server, besides the bytes that tus sends.
const cookie = (name) =>
  document.cookie
    .split("; ")
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1) ?? "";

// The session may have been renewed in another tab: the newest token counts.
export const token = () => cookie("csrftoken") || document.querySelector("[name=csrfmiddlewaretoken]")?.value || "";

export class Server {
  constructor(config) {
    this.config = config;
  }

  // The user's uploads as the server has them; null while it can't be reached.
  async list() {
    const answer = await this.#ask(this.config.uploads, {});
    return answer?.ok ? (await answer.json()).uploads : null;
  }

  // Whether hashing a file of that size may spare its upload.
  async isPossible(size) {
    const answer = await this.#post(this.config.known, { size });
    return Boolean(answer?.ok && (await answer.json()).possible);
  }

  // The upload that is done at once because its content is stored; null if it isn't.
  async attach(file, sha256) {
    const answer = await this.#post(this.config.known, { size: file.size, sha256, filename: file.name });
    return answer?.ok ? (await answer.json()).upload : null;
  }

  // Forgets an upload; one that is still being written to is asked again for a while. Whether it's gone.
  async remove(url) {
    for (let wait = 250; wait < 8000; wait *= 2) {
      const answer = await this.#ask(url, {
        method: "DELETE",
        headers: { "Tus-Resumable": "1.0.0", "X-CSRFToken": token() },
      });
      if (answer && (answer.ok || answer.status === 404 || answer.status === 410)) return true;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    return false;
  }

  // JSON of the form's answer; `errors` by field where it was refused.
  async send(url, form, words) {
    const answer = await this.#ask(url, { method: "POST", body: form, headers: { "X-CSRFToken": token() } });
    if (!answer) return { errors: { __all__: [words.unreachable] } };
    if (answer.headers.get("Content-Type")?.startsWith("application/json")) return answer.json();
    return {
      errors: {
        __all__: [
          answer.status === 403 || answer.redirected ? words.signedOut : words.wrong.replace("{status}", answer.status),
        ],
      },
    };
  }

  #post(url, values) {
    const body = new FormData();
    for (const [name, value] of Object.entries(values)) body.append(name, value);
    return this.#ask(url, { method: "POST", body, headers: { "X-CSRFToken": token() } });
  }

  async #ask(url, options) {
    try {
      return await fetch(url, { credentials: "same-origin", ...options });
    } catch {
      return null;
    }
  }
}
