import { Addresses } from "./addresses.js";
import { Captions, inLanguage, isSame } from "./captions.js";
import { GrantKind, PlaceState } from "./codes.js";
import { Controls } from "./controls.js";
import { clock, element, icon, memory } from "./dom.js";
import { Ending } from "./ending.js";
import { frame } from "./frame.js";
import { Heartbeat, LOST } from "./heartbeat.js";
import { keyboard } from "./keyboard.js";
import { Menu } from "./menu.js";
import { helpDialog } from "./panels.js";
import { Place } from "./place.js";
import { SeekBar } from "./seekbar.js";
import { session } from "./session.js";
import { Source } from "./source.js";
import { touch } from "./touch.js";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];
const TOLD = 6000; // milliseconds a message stays
const PATIENCE = 10_000; // milliseconds between two refusals of the same fault

// The site's player: what the page wants of it, said once, over ArtPlayer (frame.js) and hls.js (source.js).
export class Player {
  static async open(box, config) {
    return new Player(box, config, await Place.open(config));
  }

  constructor(box, config, place) {
    Object.assign(this, {
      box,
      config,
      place,
      words: config.words,
      sprite: box.dataset.icons,
      preview: config.gate.kind === GrantKind.PREVIEW,
    });
    this.kept = { quality: 0, sound: "", ...memory.get() };
    this.#build();
    this.#events();
    this.setSpeed(this.kept.speed ?? 1, false);
    this.press = keyboard(this);
    touch(this);
    session(this);
    if (config.progressUrl && !this.preview) new Heartbeat(this.video, config, place, (said) => this.#changed(said));
    if (config.resumeAt) this.#resumed();
  }

  #build() {
    const w = this.words;
    const picture = this.box.querySelector(".picture");
    const strip = this.box.querySelector(".player__strip");
    const stage = element("div", { class: "player__frame" });
    this.box.replaceChildren(stage);
    this.box.classList.add("player");
    this.big = element(
      "button",
      { type: "button", class: "player__big", "aria-label": w.play },
      icon(this.sprite, "play"),
    );
    this.art = frame(stage, {
      words: w,
      theme: "#ff7a59",
      chapters: this.config.chapters,
      address: this.place.of(this.config.master),
      big: this.big,
      spinner: element("div", { class: "player__spinner" }),
      open: (video, address) => this.#open(video, address),
    });
    this.stage = this.art.template.$player;
    this.video = this.art.video;
    this.video.volume = this.kept.volume ?? 1;
    this.video.muted = this.kept.muted ?? false;
    if (picture) this.art.template.$poster.append(picture);
    this.ending = new Ending(this);
    this.captions = new Captions(this.art);
    this.seek = new SeekBar(this);
    this.menus = {
      speed: new Menu(w.speed, "speed"),
      text: new Menu(w.subtitles, "subtitles", icon(this.sprite, "captions")),
      sound: new Menu(w.sound, "sound", icon(this.sprite, "audio-lines")),
      quality: new Menu(w.quality, "quality"),
    };
    this.menus.speed.fill(
      SPEEDS.map((s) => ({ value: s, label: s === 1 ? w.normal : `${s}×` })),
      1,
      (s) => this.setSpeed(s),
    );
    this.controls = new Controls(this);
    this.controls.mount(this.art, this.menus);
    this.skip = this.config.intro
      ? element(
          "button",
          {
            type: "button",
            class: "player__skip",
            hidden: true,
            onclick: () => (this.video.currentTime = this.config.intro[1]),
          },
          w.skipIntro,
        )
      : null;
    this.toast = element("div", { class: "player__toast", role: "status", hidden: true });
    this.stage.append(...[strip, this.toast, this.skip].filter(Boolean));
    if (this.kept.theatre) this.toggleTheatre();
  }

  #open(video, address) {
    this.addresses = new Addresses(this.place, this.config.addresses, this.config.gate.kind);
    this.source = new Source(video, address, {
      startAt: this.config.resumeAt,
      addresses: this.addresses,
      on: {
        levels: (heights) => this.#levels(heights),
        level: (height) => this.#level(height),
        texts: (tracks) => this.#texts(tracks),
        sounds: (tracks) => this.#sounds(tracks),
        growing: () => this.#say(this.words.growing),
        whole: () => this.#whole(),
        error: (word) => this.#trouble(word),
        refused: () => this.#refused(),
      },
    });
    if (this.starts) video.play();
  }

  #events() {
    const on = (names, act) => names.split(" ").forEach((name) => this.art.on(name, act));
    on("video:play video:pause video:ended", () => this.#playing());
    on("video:volumechange", () => this.#volume());
    on("video:timeupdate video:seeked", () => this.#tick());
    on("video:ended", () => this.ending.over());
    on("video:pause", () => this.source?.bandwidth && memory.set({ bandwidth: this.source.bandwidth }));
    on("fullscreen", (inside) => this.controls.fullscreen(inside));
    this.#volume();
    this.#playing();
  }

  // Plays as soon as there is something to play: a source that comes later would stop it again.
  start() {
    this.starts = true;
    if (this.source) this.video.play();
  }

  toggle() {
    if (this.video.paused) this.start();
    else this.video.pause();
  }

  toggleMute() {
    this.video.muted = !this.video.muted;
  }

  setVolume(value) {
    this.video.volume = Math.min(1, Math.max(0, value));
    this.video.muted = this.video.volume === 0;
    this.art.notice.show = `${this.words.volume}: ${Math.round(this.video.volume * 100)}%`;
  }

  // Brightness of the picture, 0.3 … 1.5; of this visit only.
  setLight(value) {
    this.light = Math.min(1.5, Math.max(0.3, value));
    this.video.style.filter = `brightness(${this.light})`;
    this.art.notice.show = `${this.words.brightness}: ${Math.round(this.light * 100)}%`;
  }

  setSpeed(value, keep = true) {
    this.video.defaultPlaybackRate = value;
    this.video.playbackRate = value;
    this.menus.speed.choose(value, `${value}×`);
    if (!keep) return;
    memory.set({ speed: value });
    this.art.notice.show = `${this.words.speed}: ${value}×`;
  }

  faster(steps) {
    const next = SPEEDS[SPEEDS.indexOf(this.video.playbackRate) + steps];
    if (next) this.setSpeed(next);
  }

  jump(seconds) {
    if (!this.video.duration) return;
    this.art.seek = Math.min(Math.max(0, this.video.currentTime + seconds), this.video.duration);
  }

  togglePip() {
    if (document.pictureInPictureElement) document.exitPictureInPicture();
    else this.video.requestPictureInPicture?.().catch(() => this.#say(this.words.noPip));
  }

  toggleTheatre() {
    const on = document.querySelector("[data-watch]").classList.toggle("watch--theatre");
    this.controls.pressed("theatre", on);
    memory.set({ theatre: on });
    this.art.emit("resize");
  }

  toggleWide() {
    this.art.fullscreenWeb = !this.art.fullscreenWeb;
    const on = this.art.fullscreenWeb;
    this.box.classList.toggle("is-wide", on);
    document.documentElement.classList.toggle("has-wide-player", on);
    this.controls.pressed("wide", on);
  }

  toggleFullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.stage.requestFullscreen)
      this.stage.requestFullscreen().catch(() => this.#say(this.words.noFullscreen));
    else this.video.webkitEnterFullscreen?.();
  }

  // Off, or the text chosen last; else the one in the page's language.
  toggleText() {
    const { choices, chosen, pick } = this.menus.text;
    if (choices.length) pick(chosen >= 0 ? -1 : this.lastText);
  }

  toggleHelp() {
    this.helpBox ??= helpDialog(this);
    if (this.helpBox.open) this.helpBox.close();
    else this.helpBox.showModal();
  }

  goNext() {
    if (this.config.next) location.href = this.config.next.url;
  }

  #playing() {
    const { paused, ended } = this.video;
    this.controls.playing(!paused);
    this.big.hidden = !paused || (ended && this.preview);
    this.box.classList.toggle("is-playing", !paused);
  }

  #volume() {
    const { muted, volume } = this.video;
    this.controls.loudness(muted ? 0 : volume);
    memory.set({ volume, muted });
  }

  #tick() {
    const { currentTime } = this.video;
    const { intro } = this.config;
    if (this.skip) this.skip.hidden = !(currentTime >= intro[0] && currentTime < intro[1] - 1);
    this.ending.moved();
  }

  #levels(heights) {
    const choices = [...new Set(heights)].sort((a, b) => b - a).map((h) => ({ value: h, label: `${h}P` }));
    const pick = (height) => {
      this.source.quality = this.quality = this.kept.quality = height;
      memory.set({ quality: height });
      this.#level(this.height);
    };
    this.quality = heights.includes(this.kept.quality) ? this.kept.quality : 0;
    this.menus.quality.fill([{ value: 0, label: this.words.auto }, ...choices], this.quality, pick);
    if (this.quality) this.source.quality = this.quality;
    this.#level(this.height ?? this.quality);
  }

  #level(height) {
    this.height = height;
    const chosen = this.quality;
    const auto = height ? `${this.words.auto} (${height}P)` : this.words.auto;
    this.menus.quality.choose(chosen, chosen ? `${chosen}P` : auto);
  }

  // What translates foreign parts only is no choice: it is there where nothing else is shown.
  #texts(tracks) {
    if (!tracks.length) return;
    const forced = tracks.map((track, index) => ({ ...track, index })).filter((track) => track.forced);
    const choices = tracks
      .map((track, value) => ({ ...track, value, label: track.name }))
      .filter((track) => !track.forced);
    const page = document.documentElement.lang;
    const find = (name) => choices.find(({ label }) => label === name)?.value ?? -1;
    const show = (index) => {
      this.captions.shown = this.source.text(index < 0 ? inLanguage(forced, this.spoken, page) : index);
      if (index >= 0) this.lastText = index;
      this.menus.text.choose(index, tracks[index]?.name ?? this.words.subtitles);
    };
    const pick = (index) => {
      this.kept.text = tracks[index]?.name ?? "";
      memory.set({ text: this.kept.text });
      show(index);
    };
    // Who has chosen, or turned them off, sees that; others what the film wants shown.
    const { text } = this.kept;
    const wanted = choices.find((track) => track.first)?.value ?? -1;
    const kept = text === undefined || (text && find(text) < 0) ? wanted : find(text);
    this.lastText = (choices.find(({ language }) => isSame(language, page)) ?? choices[0])?.value;
    if (choices.length) this.menus.text.fill([{ value: -1, label: this.words.off }, ...choices], kept, pick);
    this.showText = () => show(this.menus.text.chosen ?? -1);
    show(kept);
  }

  #sounds(tracks) {
    const speak = (index) => {
      this.spoken = tracks[index]?.language;
      this.showText?.();
    };
    if (tracks.length < 2) return speak(0);
    const names = tracks.map((track) => track.name);
    const pick = (index) => {
      this.source.sound = index;
      this.kept.sound = names[index];
      memory.set({ sound: this.kept.sound });
      this.menus.sound.choose(index, names[index]);
      speak(index);
    };
    const kept = Math.max(0, names.indexOf(this.kept.sound));
    this.menus.sound.fill(
      names.map((label, value) => ({ value, label })),
      kept,
      pick,
    );
    pick(kept);
  }

  // It was encoded while it is watched: its pictures for the seek bar are there now, too.
  #whole() {
    this.seek.board = null;
    this.#say(this.words.whole);
  }

  // A heartbeat heard of another viewer than this page was made for, or that this player's place is gone.
  #changed({ kind, signedIn, place }) {
    const out = this.config.signedIn && !signedIn;
    if (kind !== GrantKind.FULL || LOST.has(place)) return this.#ask();
    if (out && !this.isOut) this.#say(this.words.signedOut, true, this.#signsIn());
    this.isOut = out;
  }

  // The server gave no playlist or no address.
  #refused() {
    const now = performance.now();
    const again = now - this.refusedAt < PATIENCE; // though it said that all is well
    this.refusedAt = now;
    this.#ask({}, again);
  }

  // Rests, and asks the server how this player stands; `wish` as in Place.ask.
  async #ask(wish = {}, again = false) {
    if (this.asking) return;
    this.asking = true;
    this.source.rest();
    const said = await this.place.ask(wish);
    this.asking = false;
    this.#stands(said, again);
  }

  #stands(said, again) {
    const { words: w, ending } = this;
    const out = this.config.signedIn && said?.signedIn === false;
    if (!said) return ending.fault(w.offline, w.retry, () => this.#ask());
    if (said.place === PlaceState.FULL)
      return ending.full(
        said,
        (id) => this.#ask({ stop: id }),
        () => this.#ask(),
      );
    if (said.place === PlaceState.STOPPED) return ending.fault(w.stopped, w.watchHere, () => this.#ask({ back: true }));
    if (out) return ending.fault(w.signedOut, w.signIn, this.#signsIn().act);
    if (said.kind !== GrantKind.FULL && said.gate?.message) return ending.shut(said.gate);
    if (said.kind !== this.config.gate.kind || again) return ending.fault(w.refused, w.goOn, () => location.reload());
    ending.clear();
    this.source.resume();
    if (this.starts) this.video.play();
  }

  #signsIn() {
    return { label: this.words.signIn, act: () => location.assign(this.config.signInUrl) };
  }

  #trouble(word) {
    if (word === "expired") this.seek.board = null; // its pictures' addresses too
    if (word === "unplayable") this.ending.fault(this.words.unplayable, this.words.retry, () => this.source.again());
    else if (word) this.#say(this.words[word], word === "offline");
    else this.toast.hidden = true;
  }

  #resumed() {
    const restart = { label: this.words.fromStart, act: () => (this.video.currentTime = 0) };
    this.#say(this.words.resumed.replace("{time}", clock(this.config.resumeAt)), false, restart);
  }

  #say(text, stays = false, action = null) {
    clearTimeout(this.saying);
    const act = () => {
      action.act();
      this.toast.hidden = true;
    };
    this.toast.replaceChildren(element("span", {}, text));
    if (action) this.toast.append(element("button", { type: "button", onclick: act }, action.label));
    this.toast.hidden = false;
    if (!stays) this.saying = setTimeout(() => (this.toast.hidden = true), TOLD);
  }
}
