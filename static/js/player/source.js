import Hls from "hls.js";

const AHEAD = 30; // seconds kept ready while it plays
const AHEAD_AT_REST = 6; // seconds kept ready before anybody pressed play
const RENEWALS = 3; // within PATIENCE
const PATIENCE = 60_000; // milliseconds
const RETRY = 3000; // milliseconds

const height = (level) => Math.min(level.height, level.width); // of a portrait film too

// Plays an HLS address into a <video>: hls.js, or the browser's own player where that is all there is (iOS).
// Tells of it by `on`: levels, level, texts, sounds, error(word), refused(status).
export class Source {
  constructor(video, address, { on, startAt }) {
    Object.assign(this, { video, address, on, startAt, renewals: [] });
    video.addEventListener("play", () => this.hls && (this.hls.config.maxBufferLength = AHEAD), { once: true });
    addEventListener("online", () => this.waiting && this.retry());
    if (Hls.isSupported()) this.#open();
    else this.#native();
  }

  #open() {
    const hls = new Hls({
      startPosition: this.startAt || -1,
      maxBufferLength: this.video.paused ? AHEAD_AT_REST : AHEAD,
      capLevelToPlayerSize: true,
      renderTextTracksNatively: false, // its <track> elements have data: addresses, which the page's policy forbids
    });
    this.hls = hls;
    this.cues = new Map(); // by the name of their track: each is read once
    hls.on(Hls.Events.MANIFEST_PARSED, () => this.on.levels(hls.levels.map(height)));
    hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => this.on.level(height(hls.levels[level])));
    hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, (_, { subtitleTracks }) => this.on.texts(subtitleTracks.map((t) => t.name), subtitleTracks.map((t) => t.lang)));
    hls.on(Hls.Events.CUES_PARSED, (_, { cues, subtitleTrack }) => subtitleTrack && this.#read(subtitleTrack.name, cues));
    hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, (_, { audioTracks }) => this.on.sounds(audioTracks.map((t) => t.name)));
    hls.on(Hls.Events.FRAG_BUFFERED, () => this.waiting && this.#restored());
    hls.on(Hls.Events.ERROR, (_, data) => this.#failed(data));
    hls.loadSource(this.address);
    hls.attachMedia(this.video);
  }

  #native() {
    const { video } = this;
    video.addEventListener("error", () => (video.error?.code === 2 ? this.#renew() : this.on.error("unplayable")));
    video.textTracks.addEventListener("addtrack", () => this.on.texts(this.#tracks().map((t) => t.label), this.#tracks().map((t) => t.language)));
    this.#load();
  }

  #load() {
    const { video } = this;
    const at = this.startAt;
    video.src = this.address;
    video.addEventListener("loadedmetadata", () => at && (video.currentTime = at), { once: true });
  }

  #tracks() {
    return [...this.video.textTracks].filter((track) => track.kind === "subtitles" || track.kind === "captions");
  }

  #failed(data) {
    const status = data.response?.code;
    if (data.details === "manifestLoadError" && (status === 403 || status === 404)) return this.on.refused(status);
    if (status === 403 || status === 410) return this.#renew();
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.NETWORK_ERROR && (!status || status >= 500)) return this.#wait();
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && this.#mayRenew()) return this.hls.recoverMediaError();
    this.on.error("unplayable");
  }

  // The network is gone, or the server restarts: try until it is back.
  #wait() {
    this.on.error("offline");
    this.waiting = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.retry(), RETRY);
  }

  #restored() {
    this.waiting = false;
    clearTimeout(this.timer);
    this.on.error("");
  }

  #mayRenew() {
    const now = performance.now();
    this.renewals = this.renewals.filter((then) => now - then < PATIENCE);
    return this.renewals.push(now) <= RENEWALS;
  }

  // The addresses have expired: ask for new ones and go on where it was.
  #renew() {
    if (!this.#mayRenew()) return this.on.error("unplayable");
    this.on.error("expired");
    this.retry();
  }

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
    this.track ??= this.video.addTextTrack("subtitles");
    this.track.mode = "hidden";
    for (const cue of [...this.track.cues]) this.track.removeCue(cue);
    this.name = this.hls.subtitleTracks[index]?.name;
    for (const cue of this.cues.get(this.name) ?? []) this.track.addCue(cue);
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
