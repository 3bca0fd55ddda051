import { Upload } from "tus-js-client";
import { token } from "./server.js";

const PIECE = 64 * 1024 * 1024; // bytes a request carries: what a proxy in between may have to hold
const WAITS = [1, 2, 4, 8, 15, 30]; // seconds until a lost connection is tried again
const PASSING = new Set([409, 423, 425, 429, 502, 503, 504]); // answers that another try may turn

// One file on its way. `state`: queued, checking, sending, paused, lost, failed, needsFile, received, done, shelved.
export class Transfer {
  constructor({ config, server, hashUrl, changed, file = null, row = null }) {
    Object.assign(this, { config, server, hashUrl, changed, file, row });
    this.name = file?.name ?? row.filename;
    this.size = file?.size ?? row.size;
    this.sent = row?.offset ?? 0;
    this.message = "";
    this.tries = 0;
    this.state = file ? "queued" : "";
    if (row) this.told(row);
  }

  get busy() {
    return this.state === "checking" || this.state === "sending" || this.state === "lost";
  }

  // Whether it's the same file as the one that an earlier visit began to send.
  isOf(file) {
    return (
      this.name === file.name &&
      this.size === file.size &&
      (this.file ? this.file.lastModified : Number(this.row?.modified)) === file.lastModified
    );
  }

  // Another visit's upload gets its file back.
  give(file) {
    this.file = file;
    this.#become("queued");
  }

  async start() {
    this.message = "";
    this.checked = 0;
    this.#become("checking");
    if (!this.row && (await this.server.isPossible(this.size))) {
      const found = await this.#known();
      if (this.state !== "checking") return; // paused or removed meanwhile
      if (found) {
        this.instant = true;
        return this.told(found);
      }
    }
    if (this.state === "checking") this.#send();
  }

  pause() {
    this.#stop();
    this.#become("paused");
  }

  resume() {
    if (this.file) this.#become("queued");
  }

  // The network is back: no need to wait for the next try.
  online() {
    if (this.state === "lost") this.#again();
  }

  async remove() {
    this.#stop();
    this.state = "removed";
    const url = this.tus?.url ?? this.row?.url;
    return !url || this.server.remove(url);
  }

  // What the server says of it.
  told(row) {
    const own = this.busy || this.state === "queued" || this.state === "paused" || this.state === "failed";
    this.row = row;
    if (row.state === "receiving") {
      if (!own) {
        this.sent = row.offset;
        this.#become(this.file ? "paused" : "needsFile");
      }
      return;
    }
    this.sent = this.size;
    this.#become(row.state);
  }

  #become(state) {
    this.state = state;
    this.changed(this);
  }

  #known() {
    return new Promise((resolve) => {
      this.worker = new Worker(this.hashUrl);
      const end = (answer) => {
        this.worker?.terminate();
        this.worker = null;
        resolve(answer);
      };
      this.stopHashing = () => end(null);
      this.worker.onerror = () => end(null); // then the bytes are sent, and hashed there
      this.worker.onmessage = async ({ data }) => {
        if (data.share !== undefined) {
          this.checked = data.share;
          this.changed(this);
        } else end(data.sha256 ? await this.server.attach(this.file, data.sha256) : null);
      };
      this.worker.postMessage(this.file);
    });
  }

  #send() {
    this.marks = [];
    this.tus = new Upload(this.file, {
      endpoint: this.config.uploads,
      uploadUrl: this.tus?.url ?? this.row?.url ?? null,
      chunkSize: PIECE,
      metadata: { filename: this.file.name, filetype: this.file.type, modified: String(this.file.lastModified) },
      retryDelays: null, // tried again by #failed, which knows of the network
      storeFingerprintForResuming: false, // the server keeps the list of what was begun
      onBeforeRequest: (request) => request.setHeader("X-CSRFToken", token()),
      onProgress: (sent) => this.#progressed(sent),
      onSuccess: () => this.#arrived(),
      onError: (error) => this.#failed(error),
    });
    this.#become("sending");
    this.tus.start();
  }

  #progressed(sent) {
    if (this.state !== "sending") return;
    if (sent > this.sent) this.tries = 0;
    this.sent = sent;
    const now = performance.now();
    this.marks = [...this.marks.filter(([at]) => now - at < 5000), [now, sent]];
    this.changed(this);
  }

  // Bytes per second over the last five; 0 while nothing can be said.
  get speed() {
    const [first, last] = [this.marks?.[0], this.marks?.at(-1)];
    return first && last[0] - first[0] > 500 ? (1000 * (last[1] - first[1])) / (last[0] - first[0]) : 0;
  }

  #arrived() {
    if (this.state !== "sending") return;
    this.sent = this.size;
    const url = new URL(this.tus.url, location.href).pathname;
    this.row = { ...this.row, url, id: url.split("/").at(-2) };
    this.#become("received");
  }

  async #failed(error) {
    if (this.state !== "sending") return;
    const { words } = this.config;
    const status = error.originalResponse?.getStatus() ?? 0;
    const said = error.originalResponse?.getHeader("Content-Type")?.startsWith("text/plain")
      ? error.originalResponse.getBody().trim()
      : "";
    if (!status && !(await this.#readable())) return this.#fail(words.unreadable);
    if (status && !PASSING.has(status))
      return this.#fail(said || (status === 403 ? words.signedOut : words.wrong.replace("{status}", status)));
    if (this.state !== "sending") return; // paused meanwhile
    this.message = said;
    this.#become("lost");
    this.timer = setTimeout(() => this.#again(), 1000 * WAITS[Math.min(this.tries++, WAITS.length - 1)]);
  }

  #fail(message) {
    this.message = message;
    this.#become("failed");
  }

  async #readable() {
    try {
      await this.file.slice(0, 1).arrayBuffer();
      return true;
    } catch {
      return false;
    }
  }

  #again() {
    clearTimeout(this.timer);
    if (this.state === "lost") this.#send();
  }

  #stop() {
    clearTimeout(this.timer);
    this.state = "paused"; // first: what follows must not be taken for a lost connection
    this.stopHashing?.();
    this.tus?.abort();
  }
}
