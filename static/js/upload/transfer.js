import { Upload } from "tus-js-client";
import { token } from "../csrf.js";
import { isBusy, mayPass, speedOf, stateAfter, waitBefore, withMark } from "./states.js";

/** @import { DetailedError } from "tus-js-client" */
/** @import { Server } from "./server.js" */
/** @import { Mark, State } from "./states.js" */
/** @import { UploadConfig, UploadRow } from "./types" */

const PIECE = 64 * 1024 * 1024; // bytes a request carries: what a proxy in between may have to hold

// A file on its way to the server; states.js names its states.
export class Transfer {
  /** @type {State} */
  state = "";

  message = "";
  checked = 0; // share of the file that is hashed
  instant = false; // whether its content was stored already

  #tries = 0;

  /** @type {Mark[]} */
  #marks = [];

  /** @type {Upload | null} */
  #tus = null;

  /** @type {(() => void) | null} */
  #stopHashing = null;

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * Of a file of this visit, or of an upload that the server has from an earlier one.
   *
   * @param {object} options
   * @param {UploadConfig} options.config
   * @param {Server} options.server
   * @param {string} options.hashUrl the address of the worker that hashes
   * @param {(transfer: Transfer) => void} options.changed
   * @param {File | null} [options.file]
   * @param {UploadRow | null} [options.row]
   */
  constructor({ config, server, hashUrl, changed, file = null, row = null }) {
    this.config = config;
    this.server = server;
    this.hashUrl = hashUrl;
    this.changed = changed;
    this.file = file;
    /** @type {Partial<UploadRow> | null} */
    this.row = row;
    this.name = file?.name ?? row?.filename ?? "";
    this.size = file?.size ?? row?.size ?? 0;
    this.sent = row?.offset ?? 0;
    if (file) this.state = "queued";
    if (row) this.told(row);
  }

  get busy() {
    return isBusy(this.state);
  }

  /**
   * Whether it's the same file as the one that an earlier visit began to send.
   *
   * @param {File} file
   */
  isOf(file) {
    return (
      this.name === file.name &&
      this.size === file.size &&
      (this.file ? this.file.lastModified : Number(this.row?.modified)) === file.lastModified
    );
  }

  /**
   * Another visit's upload gets its file back.
   *
   * @param {File} file
   */
  give(file) {
    this.file = file;
    this.#become("queued");
  }

  async start() {
    const { file } = this;
    if (!file) return;
    this.message = "";
    this.checked = 0;
    this.#become("checking");
    if (!this.row && (await this.server.isPossible(this.size))) {
      const found = await this.#known(file);
      if (!this.#is("checking")) return; // paused or removed meanwhile
      if (found) {
        this.instant = true;
        this.told(found);
        return;
      }
    }
    if (this.#is("checking")) this.#send(file);
  }

  pause() {
    this.#stop();
    this.#become("paused");
  }

  resume() {
    if (this.file) this.#become("queued");
  }

  /** The network is back: no need to wait for the next try. */
  online() {
    if (this.state === "lost") this.#again();
  }

  async remove() {
    this.#stop();
    this.state = "removed";
    const url = this.#tus?.url ?? this.row?.url;
    return !url || this.server.remove(url);
  }

  /**
   * The server says how the upload stands.
   *
   * @param {UploadRow} row
   */
  told(row) {
    const next = stateAfter(this.state, row, Boolean(this.file));
    this.row = row;
    if (!next) return;
    this.sent = row.state === "receiving" ? row.offset : this.size;
    this.#become(next);
  }

  /** @param {State} state */
  #is(state) {
    return this.state === state;
  }

  /** @param {State} state */
  #become(state) {
    this.state = state;
    this.changed(this);
  }

  /**
   * The upload that is complete at once because its content is stored, else null.
   *
   * @param {File} file
   * @returns {Promise<UploadRow | null>}
   */
  #known(file) {
    return new Promise((resolve) => {
      const worker = new Worker(this.hashUrl);
      const end = (/** @type {UploadRow | null} */ answer) => {
        worker.terminate();
        resolve(answer);
      };
      this.#stopHashing = () => end(null);
      worker.onerror = () => end(null); // then the bytes are sent, and hashed there
      worker.onmessage = async ({ data }) => {
        if (data.share !== undefined) {
          this.checked = data.share;
          this.changed(this);
        } else end(data.sha256 ? await this.server.attach(file, data.sha256) : null);
      };
      worker.postMessage(file);
    });
  }

  /** @param {File} file */
  #send(file) {
    this.#marks = [];
    this.#tus = new Upload(file, {
      endpoint: this.config.uploads,
      uploadUrl: this.#tus?.url ?? this.row?.url ?? null,
      chunkSize: PIECE,
      metadata: { filename: file.name, filetype: file.type, modified: String(file.lastModified) },
      retryDelays: /** @type {undefined} */ (/** @type {unknown} */ (null)), // #failed retries: it knows of the network
      storeFingerprintForResuming: false, // the server keeps the list of what was begun
      onBeforeRequest: (request) => request.setHeader("X-CSRFToken", token()),
      onProgress: (sent) => this.#progressed(sent),
      onSuccess: () => this.#arrived(),
      onError: (error) => this.#failed(error, file),
    });
    this.#become("sending");
    this.#tus.start();
  }

  /** @param {number} sent bytes */
  #progressed(sent) {
    if (this.state !== "sending") return;
    if (sent > this.sent) this.#tries = 0;
    this.sent = sent;
    this.#marks = withMark(this.#marks, [performance.now(), sent]);
    this.changed(this);
  }

  /** Bytes per second over the last five; 0 while nothing can be said. */
  get speed() {
    return speedOf(this.#marks);
  }

  #arrived() {
    if (this.state !== "sending") return;
    this.sent = this.size;
    const url = new URL(this.#tus?.url ?? "", location.href).pathname;
    this.row = { ...this.row, url, id: url.split("/").at(-2) ?? "" };
    this.#become("received");
  }

  /**
   * @param {Error} error
   * @param {File} file
   */
  async #failed(error, file) {
    if (this.state !== "sending") return;
    const { words } = this.config;
    const answer = /** @type {Partial<DetailedError>} */ (error).originalResponse;
    const status = answer?.getStatus() ?? 0;
    const said = answer?.getHeader("Content-Type")?.startsWith("text/plain") ? answer.getBody().trim() : "";
    if (!status && !(await isReadable(file))) this.#fail(words.unreadable);
    else if (!mayPass(status)) {
      this.#fail(said || (status === 403 ? words.signedOut : words.wrong.replace("{status}", String(status))));
    } else if (this.#is("sending")) {
      this.message = said;
      this.#become("lost");
      this.#timer = setTimeout(() => this.#again(), 1000 * waitBefore(this.#tries++));
    }
  }

  /** @param {string} message */
  #fail(message) {
    this.message = message;
    this.#become("failed");
  }

  #again() {
    clearTimeout(this.#timer);
    if (this.state === "lost" && this.file) this.#send(this.file);
  }

  #stop() {
    clearTimeout(this.#timer);
    this.state = "paused"; // first: what follows must not be taken for a lost connection
    this.#stopHashing?.();
    this.#tus?.abort();
  }
}

/** @param {File} file */
async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
