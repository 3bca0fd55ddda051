import { clock } from "../clock.js";
import { find } from "../dom.js";
import { Addresses } from "./addresses.js";
import { GrantKind } from "./codes.js";
import { Ending } from "./ending.js";
import { Heartbeat } from "./heartbeat.js";
import { keyboard } from "./keyboard.js";
import { memory } from "./memory.js";
import { Place } from "./place.js";
import { session } from "./session.js";
import { Source } from "./source.js";
import { Standing } from "./standing.js";
import { clamp, speedFrom } from "./state.js";
import { touch } from "./touch.js";
import { Tracks } from "./tracks.js";
import { setUp, View } from "./view.js";

/** @import { Config, Kept } from "./types" */

/** @typedef {HTMLVideoElement & { webkitEnterFullscreen?: () => void }} Video iOS has full screen of its own */

// The site's player: its verbs, over ArtPlayer (frame.js) and hls.js (source.js). state.js decides, view.js shows.
export class Player {
  light = 1; // brightness of the picture; of this visit only

  /** @type {Source | null} */
  #source = null;

  /** @type {Addresses | null} */
  addresses = null;

  #starts = false;

  /**
   * @param {HTMLElement} box
   * @param {Config} config
   */
  static async open(box, config) {
    return new Player(box, config, await Place.open(config));
  }

  /**
   * @param {HTMLElement} box
   * @param {Config} config
   * @param {Place} place
   */
  constructor(box, config, place) {
    this.box = box;
    this.config = config;
    this.place = place;
    this.words = config.words;
    this.sprite = box.dataset.icons ?? "";
    this.preview = config.gate.kind === GrantKind.PREVIEW;
    /** @type {Kept} */
    this.kept = { quality: 0, sound: "", ...memory.get() };
    const { art, ...parts } = setUp(this, (video, address) => this.#open(video, address));
    this.art = art;
    this.stage = art.template.$player;
    this.video = /** @type {Video} */ (art.video);
    this.video.volume = this.kept.volume ?? 1;
    this.video.muted = this.kept.muted ?? false;
    this.ending = new Ending(this);
    this.view = new View(this, parts);
    this.tracks = new Tracks(this.view, this.words, this.kept, () => /** @type {Source} */ (this.#source));
    this.standing = new Standing(this, this.ending);
    if (this.kept.theatre) this.toggleTheatre();
    this.#events();
    this.setSpeed(this.kept.speed ?? 1, false);
    this.press = keyboard(this);
    touch(this);
    session(this);
    if (config.progressUrl && !this.preview) {
      new Heartbeat(this.video, config, place, (said) => this.standing.changed(said));
    }
    if (config.resumeAt) this.#resumed();
  }

  /**
   * @param {HTMLVideoElement} video
   * @param {string} address
   */
  #open(video, address) {
    this.addresses = new Addresses(this.place, this.config.addresses, this.config.gate.kind);
    this.#source = new Source(video, address, {
      startAt: this.config.resumeAt,
      addresses: this.addresses,
      on: {
        levels: (heights) => this.tracks.levels(heights),
        level: (height) => this.tracks.level(height),
        texts: (tracks) => this.tracks.texts(tracks),
        sounds: (tracks) => this.tracks.sounds(tracks),
        progressive: () => this.view.say(this.words.progressive),
        whole: () => this.#whole(),
        error: (word) => this.#trouble(word),
        refused: () => this.standing.refused(),
      },
    });
    if (this.#starts) video.play();
  }

  #events() {
    const { art, view } = this;
    const on = (/** @type {string} */ names, /** @type {() => void} */ act) => {
      for (const name of names.split(" ")) art.on(name, act);
    };
    on("video:play video:pause video:ended", () => view.playing());
    on("video:volumechange", () => this.#volume());
    on("video:timeupdate video:seeked", () => {
      view.moved();
      this.ending.moved();
    });
    on("video:ended", () => this.ending.over());
    on("video:pause", () => this.#source?.bandwidth && memory.set({ bandwidth: this.#source.bandwidth }));
    art.on("fullscreen", (inside) => view.controls.fullscreen(inside));
    this.#volume();
    view.playing();
  }

  /** Plays as soon as there is something to play: a source that comes later would stop it again. */
  start() {
    this.#starts = true;
    if (this.#source) this.video.play();
  }

  /** Pauses and loads nothing more. */
  rest() {
    this.#source?.rest();
  }

  /** Loads on after a rest, and plays if it has played before. */
  resume() {
    this.#source?.resume();
    if (this.#starts) this.video.play();
  }

  toggle() {
    if (this.video.paused) this.start();
    else this.video.pause();
  }

  toggleMute() {
    this.video.muted = !this.video.muted;
  }

  /** @param {number} value 0 to 1 */
  setVolume(value) {
    this.video.volume = clamp(value, 0, 1);
    this.video.muted = this.video.volume === 0;
    this.view.notice(`${this.words.volume}: ${Math.round(this.video.volume * 100)}%`);
  }

  /** @param {number} value brightness of the picture, 0.3 to 1.5 */
  setLight(value) {
    this.light = clamp(value, 0.3, 1.5);
    this.video.style.filter = `brightness(${this.light})`;
    this.view.notice(`${this.words.brightness}: ${Math.round(this.light * 100)}%`);
  }

  /**
   * @param {number} value
   * @param {boolean} [keep] for the next visits
   */
  setSpeed(value, keep = true) {
    this.video.defaultPlaybackRate = value;
    this.video.playbackRate = value;
    this.view.menus.speed.choose(value, `${value}×`);
    if (!keep) return;
    memory.set({ speed: value });
    this.view.notice(`${this.words.speed}: ${value}×`);
  }

  /** @param {number} steps */
  faster(steps) {
    const next = speedFrom(this.video.playbackRate, steps);
    if (next) this.setSpeed(next);
  }

  /** @param {number} seconds */
  jump(seconds) {
    const { currentTime, duration } = this.video;
    if (duration) this.art.seek = clamp(currentTime + seconds, 0, duration);
  }

  togglePip() {
    if (document.pictureInPictureElement) document.exitPictureInPicture();
    else this.video.requestPictureInPicture?.().catch(() => this.view.say(this.words.noPip));
  }

  toggleTheatre() {
    const on = find(document, "[data-watch]").classList.toggle("watch--theatre");
    this.view.controls.pressed("theatre", on);
    memory.set({ theatre: on });
    this.art.emit("resize");
  }

  toggleWide() {
    this.art.fullscreenWeb = !this.art.fullscreenWeb;
    const on = this.art.fullscreenWeb;
    this.box.classList.toggle("is-wide", on);
    document.documentElement.classList.toggle("has-wide-player", on);
    this.view.controls.pressed("wide", on);
  }

  toggleFullscreen() {
    const { stage, video } = this;
    if (document.fullscreenElement) document.exitFullscreen();
    else if (stage.requestFullscreen) stage.requestFullscreen().catch(() => this.view.say(this.words.noFullscreen));
    else video.webkitEnterFullscreen?.();
  }

  toggleText() {
    this.tracks.toggleText();
  }

  toggleHelp() {
    this.view.toggleHelp();
  }

  goNext() {
    if (this.config.next) location.href = this.config.next.url;
  }

  #volume() {
    const { muted, volume } = this.video;
    this.view.controls.loudness(muted ? 0 : volume);
    memory.set({ volume, muted });
  }

  /** It was encoded while it is watched: its pictures for the seek bar exist now, too. */
  #whole() {
    this.view.seek.forget();
    this.view.say(this.words.whole);
  }

  /** @param {string} word */
  #trouble(word) {
    const { unplayable, retry } = this.words;
    if (word === "expired") this.view.seek.forget(); // its pictures' addresses too
    if (word === "unplayable") this.ending.fault(unplayable, retry, () => this.#source?.again());
    else if (word) this.view.say(this.words[word], word === "offline");
    else this.view.hush();
  }

  #resumed() {
    const restart = { label: this.words.fromStart, act: () => void (this.video.currentTime = 0) };
    this.view.say(this.words.resumed.replace("{time}", clock(this.config.resumeAt)), false, restart);
  }
}
