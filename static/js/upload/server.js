import { token } from "../csrf.js";

/** @import { FormAnswer, UploadConfig, UploadRow } from "./types" */
/** @import { Words } from "../player/types" */

// What the upload page requests of the server, besides the bytes that tus sends.
export class Server {
  /** @param {UploadConfig} config */
  constructor(config) {
    this.config = config;
  }

  /**
   * The user's uploads as the server has them; null while it can't be reached.
   *
   * @returns {Promise<UploadRow[] | null>}
   */
  async list() {
    const answer = await this.#ask(this.config.uploads, {});
    return answer?.ok ? (await answer.json()).uploads : null;
  }

  /**
   * Whether hashing a file of that size may spare its upload.
   *
   * @param {number} size in bytes
   */
  async isPossible(size) {
    const answer = await this.#post(this.config.known, { size });
    return Boolean(answer?.ok && (await answer.json()).possible);
  }

  /**
   * The upload that is complete at once because its content is stored; null if it isn't.
   *
   * @param {File} file
   * @param {string} sha256
   * @returns {Promise<UploadRow | null>}
   */
  async attach(file, sha256) {
    const answer = await this.#post(this.config.known, { size: file.size, sha256, filename: file.name });
    return answer?.ok ? (await answer.json()).upload : null;
  }

  /**
   * Forgets an upload; while it is still being written to, the request is repeated for some seconds.
   *
   * @param {string} url
   * @returns {Promise<boolean>} whether it is gone
   */
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

  /**
   * @param {string} url
   * @param {FormData} form
   * @param {Words} words
   * @returns {Promise<FormAnswer>} with `errors` where it was refused
   */
  async send(url, form, words) {
    const answer = await this.#ask(url, { method: "POST", body: form, headers: { "X-CSRFToken": token() } });
    if (!answer) return { errors: { __all__: [words.unreachable] } };
    if (answer.headers.get("Content-Type")?.startsWith("application/json")) return answer.json();
    const isOut = answer.status === 403 || answer.redirected;
    const message = isOut ? words.signedOut : words.wrong.replace("{status}", String(answer.status));
    return { errors: { __all__: [message] } };
  }

  /**
   * @param {string} url
   * @param {Record<string, string | number>} values
   */
  #post(url, values) {
    const body = new FormData();
    for (const [name, value] of Object.entries(values)) body.append(name, String(value));
    return this.#ask(url, { method: "POST", body, headers: { "X-CSRFToken": token() } });
  }

  /**
   * @param {string} url
   * @param {RequestInit} options
   */
  async #ask(url, options) {
    try {
      return await fetch(url, { credentials: "same-origin", ...options });
    } catch {
      return null;
    }
  }
}
