import Hls from "hls.js";
import { memory } from "./dom.js";
import { handOver } from "./handover.js";

const BANDWIDTH = 3_000_000; // bits per second, until this device has measured its own
const AHEAD = 30; // seconds kept ready while it plays
const AHEAD_AT_REST = 6; // seconds kept ready before anybody pressed play
const RENEWALS = 3; // of expired addresses with nothing loaded in between
const RECOVERIES = 3; // of the decoder, within PATIENCE
const PATIENCE = 60_000; // milliseconds
const RETRY = 3000; // milliseconds
const BETTER_MOMENT = 4000; // milliseconds between two looks for one to change the rungs
const INSTANT = 0.5; // seconds of a film too short to begin before all of it is there

const GONE = new Set([403, 404, 410]); // a file that isn't there any more, or whose address can't be renewed
const LISTS = new Set(["levelLoadError", "audioTrackLoadError", "subtitleTrackLoadError"]);

// The browser's own player has no addresses renewed: it gets such as needn't be.
const native = (address) => `${address}${address.includes("?") ? "&" : "?"}native=1`;
const height = (level) => Math.min(level.height, level.width); // of a portrait film too

// Plays an HLS address into a <video>: hls.js, or the browser's own player where that is all there is (iOS).
// Reports through `on`: levels, level, texts, sounds, growing (still being encoded), whole (in all its renditions now),
// error(word), refused (the server gives it no playlist).
export class Source {
  constructor(video, address, { on, startAt, addresses }) {
    Object.assign(this, { video, address, on, startAt, addresses, renewals: 0, recoveries: [], told: "" });
    this.cues = new Map(); // by the name of their track: each is read once
    video.addEventListener("play", () => this.hls && (this.hls.config.maxBufferLength = AHEAD));
    addEventListener("offline", () => this.#stalled() && this.#tell("offline"));
    // hls.js reports nothing until the network is back
    video.addEventListener("waiting", () => navigator.onLine || this.#tell("offline"));
    addEventListener("online", () => this.waiting && this.#goOn());
    if (Hls.isSupported()) this.#open();
    else this.#native();
  }

  #open() {
    const hls = new Hls({ ...this.#options(), startPosition: this.startAt || -1 });
    hls.on(Hls.Events.MANIFEST_PARSED, () => this.#levels());
    // a microtask later: hls.js first makes a choice of its own, none
    hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, () => queueMicrotask(() => this.#texts()));
    hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, () => this.#sounds());
    this.#follow(hls);
    hls.loadSource(this.address);
    hls.attachMedia(this.video);
  }

  #options() {
    return {
      abrEwmaDefaultEstimate: this.bandwidth || memory.get().bandwidth || BANDWIDTH,
      maxBufferLength: this.video.paused ? AHEAD_AT_REST : AHEAD,
      capLevelToPlayerSize: true,
      fLoader: this.addresses.Loader,
      renderTextTracksNatively: false, // its <track> elements have data: addresses, which the page's policy forbids
    };
  }

  #follow(hls) {
    this.hls = hls;
    let grew = false; // of a title that is still being encoded: its smallest rung, in a playlist that goes on
    hls.on(Hls.Events.LEVEL_UPDATED, (_, { details: { live } }) => {
      if (live && !grew) this.on.growing();
      if (grew && !live) this.#improve(hls);
      grew = live;
    });
    hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => this.on.level(height(hls.levels[level])));
    hls.on(
      Hls.Events.CUES_PARSED,
      (_, { cues, subtitleTrack }) => subtitleTrack && this.#read(subtitleTrack.name, cues),
    );
    hls.on(Hls.Events.FRAG_BUFFERED, (_, { frag }) => {
      this.#loaded();
      // The browser shows none of it before it's told that no more comes, and hls.js tells it once some was shown.
      const instant = frag.sn === 0 && frag.endList && frag.duration < INSTANT;
      if (instant) hls.trigger(Hls.Events.BUFFER_EOS, { type: frag.type === "audio" ? "audio" : "video" });
    });
    hls.on(Hls.Events.ERROR, (_, data) => this.#failed(data));
  }

  #levels() {
    this.on.levels(this.hls.levels.map(height));
  }

  #texts() {
    const { subtitleTracks } = this.hls;
    this.on.texts(
      subtitleTracks.map((t) => ({ name: t.name, language: t.lang ?? "", first: t.default, forced: t.forced })),
    );
  }

  #sounds() {
    this.on.sounds(this.hls.audioTracks.map((t) => ({ name: t.name, language: t.lang ?? "" })));
  }

  // The title is whole now: its better rungs join, at a moment that hurts nobody.
  async #improve(hls) {
    if (hls !== this.hls) return; // it was loaded anew meanwhile
    const next = await handOver(hls, this.address, this.#options());
    if (hls !== this.hls) return next?.destroy();
    if (!next) return setTimeout(() => this.#improve(hls), BETTER_MOMENT);
    hls.destroy();
    this.#follow(next);
    this.#levels();
    this.#sounds();
    this.#texts();
    this.on.whole();
  }

  #native() {
    const { video } = this;
    video.addEventListener("error", () =>
      video.error?.code === MediaError.MEDIA_ERR_NETWORK ? this.#renew() : this.#tell("unplayable"),
    );
    video.addEventListener("playing", () => this.#loaded());
    video.textTracks.addEventListener("addtrack", () =>
      this.on.texts(
        this.#tracks().map((t) => ({
          name: t.label,
          language: t.language,
          first: t.mode === "showing",
          forced: t.kind === "forced",
        })),
      ),
    );
    this.#load();
  }

  #load() {
    const { video } = this;
    const at = this.startAt;
    video.src = native(this.address);
    video.addEventListener("loadedmetadata", () => at && (video.currentTime = at), { once: true });
  }

  #tracks() {
    return [...this.video.textTracks].filter((track) => track.kind === "subtitles" || track.kind === "captions");
  }

  #failed(data) {
    const { code: status, text } = data.response ?? {};
    if (data.details === "manifestLoadError" && (status === 403 || status === 404)) return this.on.refused();
    if ((LISTS.has(data.details) && status === 403) || text === "refused") return this.on.refused();
    if (GONE.has(status)) return this.#renew();
    const away = data.type === Hls.ErrorTypes.NETWORK_ERROR && (!status || status >= 500);
    if (away && (data.fatal || this.#stalled())) this.#tell("offline");
    if (!data.fatal) return; // hls.js itself tries again
    if (away) return this.#wait();
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && this.#mayRecover()) return this.hls.recoverMediaError();
    this.#tell("unplayable");
  }

  #stalled() {
    return this.video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA;
  }

  #tell(word) {
    if (word === this.told) return;
    this.told = word;
    this.on.error(word);
  }

  // The network is gone, or the server restarts: try until it is back.
  #wait() {
    this.waiting = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#goOn(), RETRY);
  }

  // Loads on from where it is. Nothing is taken off the element: what it has stays, and so does the picture.
  #goOn() {
    clearTimeout(this.timer);
    if (this.hls?.levels.length && this.video.readyState) this.hls.startLoad(-1);
    else this.retry();
  }

  #loaded() {
    this.waiting = false;
    this.renewals = 0;
    clearTimeout(this.timer);
    this.#tell("");
  }

  #mayRecover() {
    const now = performance.now();
    this.recoveries = this.recoveries.filter((then) => now - then < PATIENCE);
    return this.recoveries.push(now) <= RECOVERIES;
  }

  // The files were replaced, or can't be had at these addresses: load the title anew and go on where it was.
  #renew() {
    if (++this.renewals > RENEWALS) return this.#tell("unplayable");
    this.#tell("expired");
    this.retry();
  }

  // Loads it anew where it was; what was paused stays paused.
  retry() {
    const plays = !this.video.paused;
    this.startAt = this.video.currentTime || this.startAt;
    clearTimeout(this.timer);
    if (this.hls) {
      this.hls.destroy();
      this.#open();
    } else this.#load();
    if (plays) this.video.play();
  }

  // Stands still and loads nothing more; what is there stays.
  rest() {
    this.video.pause();
    clearTimeout(this.timer);
    this.hls?.stopLoad();
  }

  // After a rest, on from where it was.
  resume() {
    if (this.hls || this.video.error) this.#goOn();
  }

  // The viewer asks for one more try.
  again() {
    Object.assign(this, { told: "", renewals: 0, recoveries: [] });
    this.retry();
    this.video.play();
  }

  // Bits per second as measured, 0 where nothing was.
  get bandwidth() {
    return Math.round(this.hls?.bandwidthEstimate || 0);
  }

  set quality(wanted) {
    if (!this.hls) return;
    this.hls.nextLevel = wanted ? this.hls.levels.findIndex((level) => height(level) === wanted) : -1;
  }

  set sound(index) {
    if (this.hls) this.hls.audioTrack = index;
  }

  // The text track at `index` of the list, loaded and hidden; null for none.
  text(index) {
    if (!this.hls) {
      const tracks = this.#tracks();
      tracks.forEach((track, n) => (track.mode = n === index ? "hidden" : "disabled"));
      return tracks[index] ?? null;
    }
    const name = this.hls.subtitleTracks[index]?.name;
    this.track ??= this.video.addTextTrack("subtitles");
    this.track.mode = "hidden";
    if (name !== this.name) {
      for (const cue of [...this.track.cues]) this.track.removeCue(cue);
      for (const cue of this.cues.get(name) ?? []) this.track.addCue(cue);
    }
    this.name = name;
    this.hls.subtitleTrack = index;
    return index < 0 ? null : this.track;
  }

  #read(name, cues) {
    const known = this.cues.get(name) ?? [];
    const fresh = cues.filter((cue) => !known.some((old) => old.startTime === cue.startTime && old.text === cue.text));
    this.cues.set(name, [...known, ...fresh]);
    if (name === this.name) for (const cue of fresh) this.track.addCue(cue);
  }
}
