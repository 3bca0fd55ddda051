import Hls from "hls.js";
import { failure } from "./failure.js";
import { handOver } from "./handover.js";
import { NativePlayer } from "./native.js";
import { ParsedTexts } from "./texts.js";
import { AHEAD, options } from "./tuning.js";

/** @import { ErrorData, Level } from "hls.js" */
/** @import { Addresses } from "./addresses.js" */
/** @import { SourceListener } from "./types" */

const RENEWALS = 3; // of expired addresses with nothing loaded in between
const RECOVERIES = 3; // of the decoder, within PATIENCE
const PATIENCE = 60_000; // milliseconds
const RETRY = 3000; // milliseconds
const BETTER_MOMENT = 4000; // milliseconds between two attempts to add the better renditions
const INSTANT = 0.5; // seconds of a film too short to begin before all of it is there

const heightOf = (/** @type {Level} */ level) => Math.min(level.height, level.width); // of a portrait film too

// Plays an HLS address in a <video>, by hls.js or, where it can't run (iOS), by the browser's own player.
export class Source {
  /** @type {Hls | null} */
  #hls = null;

  /** @type {NativePlayer | null} */
  #native = null;

  #renewals = 0;

  /** @type {number[]} times of the decoder's recoveries, by performance.now() */
  #recoveries = [];

  #told = "";
  #isWaiting = false;

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {HTMLVideoElement} video
   * @param {string} address
   * @param {{ on: SourceListener, startAt: number, addresses: Addresses }} options `startAt` in seconds
   */
  constructor(video, address, { on, startAt, addresses }) {
    this.video = video;
    this.address = address;
    this.on = on;
    this.startAt = startAt;
    this.addresses = addresses;
    this.texts = new ParsedTexts(video);
    video.addEventListener("play", () => this.#hls && (this.#hls.config.maxBufferLength = AHEAD));
    addEventListener("offline", () => this.#isStalled && this.#tell("offline"));
    // hls.js reports nothing until the network is back
    video.addEventListener("waiting", () => navigator.onLine || this.#tell("offline"));
    addEventListener("online", () => this.#isWaiting && this.#goOn());
    if (Hls.isSupported()) this.#open();
    else this.#openNative();
  }

  #open() {
    const hls = new Hls({ ...this.#options(), startPosition: this.startAt || -1 });
    hls.on(Hls.Events.MANIFEST_PARSED, () => this.#reportLevels(hls));
    // a microtask later: hls.js first makes a choice of its own, none
    hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, () => queueMicrotask(() => this.#reportTexts(hls)));
    hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, () => this.#reportSounds(hls));
    this.#follow(hls);
    hls.loadSource(this.address);
    hls.attachMedia(this.video);
  }

  #options() {
    return options(this.video, this.addresses, this.bandwidth);
  }

  /** @param {Hls} hls */
  #follow(hls) {
    this.#hls = hls;
    let wasLive = false; // a progressive title: its smallest rendition, in a playlist that grows
    hls.on(Hls.Events.LEVEL_UPDATED, (_, { details: { live } }) => {
      if (live && !wasLive) this.on.progressive();
      if (wasLive && !live) this.#improve(hls);
      wasLive = live;
    });
    hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => this.on.level(heightOf(hls.levels[level])));
    hls.on(Hls.Events.CUES_PARSED, (_, { cues, subtitleTrack }) => {
      if (subtitleTrack) this.texts.add(subtitleTrack.name, cues);
    });
    hls.on(Hls.Events.FRAG_BUFFERED, (_, { frag }) => {
      this.#loaded();
      // The browser shows none of it before it learns that no more comes, and hls.js tells it once some was shown.
      const isInstant = frag.sn === 0 && frag.endList && frag.duration < INSTANT;
      if (isInstant) hls.trigger(Hls.Events.BUFFER_EOS, { type: frag.type === "audio" ? "audio" : "video" });
    });
    hls.on(Hls.Events.ERROR, (_, data) => this.#failed(data));
  }

  /** @param {Hls} hls */
  #reportLevels(hls) {
    this.on.levels(hls.levels.map(heightOf));
  }

  /** @param {Hls} hls */
  #reportTexts({ subtitleTracks }) {
    const tracks = subtitleTracks.map((t) => ({
      name: t.name,
      language: t.lang ?? "",
      first: t.default,
      forced: t.forced,
    }));
    this.on.texts(tracks);
  }

  /** @param {Hls} hls */
  #reportSounds({ audioTracks }) {
    this.on.sounds(audioTracks.map((t) => ({ name: t.name, language: t.lang ?? "" })));
  }

  /**
   * The title is complete now: its better renditions join, at a moment when the viewer doesn't notice.
   *
   * @param {Hls} hls
   */
  async #improve(hls) {
    if (hls !== this.#hls) return; // it was loaded again meanwhile
    const next = await handOver(hls, this.address, this.#options());
    if (hls !== this.#hls) next?.destroy();
    else if (!next) setTimeout(() => this.#improve(hls), BETTER_MOMENT);
    else {
      hls.destroy();
      this.#follow(next);
      this.#reportLevels(next);
      this.#reportSounds(next);
      this.#reportTexts(next);
      this.on.whole();
    }
  }

  #openNative() {
    this.#native = new NativePlayer(this.video, this.address, {
      failed: (isNetwork) => (isNetwork ? this.#renew() : this.#tell("unplayable")),
      loaded: () => this.#loaded(),
      texts: (tracks) => this.on.texts(tracks),
    });
    this.#native.load(this.startAt);
  }

  /** @param {ErrorData} data */
  #failed(data) {
    const kind = failure(data);
    if (kind === "refused") this.on.refused();
    else if (kind === "gone") this.#renew();
    else {
      if (kind === "away" && (data.fatal || this.#isStalled)) this.#tell("offline");
      if (!data.fatal) return; // hls.js itself tries again
      if (kind === "away") this.#wait();
      else if (kind === "media" && this.#mayRecover()) this.#hls?.recoverMediaError();
      else this.#tell("unplayable");
    }
  }

  get #isStalled() {
    return this.video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
  }

  /** @param {string} word */
  #tell(word) {
    if (word === this.#told) return;
    this.#told = word;
    this.on.error(word);
  }

  /** The network is gone, or the server restarts: retries until it is back. */
  #wait() {
    this.#stopWaiting();
    this.#isWaiting = true;
    this.#timer = setTimeout(() => this.#goOn(), RETRY);
  }

  #stopWaiting() {
    this.#isWaiting = false;
    clearTimeout(this.#timer);
  }

  /** Loads on from where it is. Nothing leaves the element: what it has stays, and so does the picture. */
  #goOn() {
    this.#stopWaiting();
    if (this.#hls?.levels.length && this.video.readyState) this.#hls.startLoad(-1);
    else this.retry();
  }

  #loaded() {
    if (this.#isWaiting) return; // it was on its way when another track failed; hls.js loads nothing more by itself
    this.#renewals = 0;
    this.#tell("");
  }

  #mayRecover() {
    const now = performance.now();
    this.#recoveries = this.#recoveries.filter((then) => now - then < PATIENCE);
    return this.#recoveries.push(now) <= RECOVERIES;
  }

  /** The files were replaced, or these addresses fail: reloads the title and plays on where it was. */
  #renew() {
    if (++this.#renewals > RENEWALS) {
      this.#tell("unplayable");
      return;
    }
    this.#tell("expired");
    this.retry();
  }

  /** Reloads it where it was; what was paused stays paused. */
  retry() {
    const plays = !this.video.paused;
    this.startAt = this.video.currentTime || this.startAt;
    this.#stopWaiting();
    if (this.#hls) {
      this.#hls.destroy();
      this.#open();
    } else this.#native?.load(this.startAt);
    if (plays) this.video.play();
  }

  /** Pauses and loads nothing more; what is there stays. */
  rest() {
    this.video.pause();
    this.#stopWaiting();
    this.#hls?.stopLoad();
  }

  /** After a rest, loads on from where it was. */
  resume() {
    if (this.#hls || this.video.error) this.#goOn();
  }

  /** The viewer asks for one more try. */
  again() {
    this.#told = "";
    this.#renewals = 0;
    this.#recoveries = [];
    this.retry();
    this.video.play();
  }

  /** Bits per second as measured, 0 where nothing was. */
  get bandwidth() {
    return Math.round(this.#hls?.bandwidthEstimate || 0);
  }

  /** @param {number} wanted height in pixels; 0 for auto */
  setQuality(wanted) {
    if (!this.#hls) return;
    this.#hls.nextLevel = wanted ? this.#hls.levels.findIndex((level) => heightOf(level) === wanted) : -1;
  }

  /** @param {number} index of an audio track */
  setSound(index) {
    if (this.#hls) this.#hls.audioTrack = index;
  }

  /**
   * The text track at `index` of the list, loaded and hidden; null for none.
   *
   * @param {number} index
   */
  text(index) {
    if (!this.#hls) return this.#native?.text(index) ?? null;
    const track = this.texts.choose(this.#hls.subtitleTracks[index]?.name ?? "");
    this.#hls.subtitleTrack = index;
    return index < 0 ? null : track;
  }
}
