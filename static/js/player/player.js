import { clock, element, icon, memory } from "./dom.js";
import { keyboard } from "./keyboard.js";
import { Heartbeat } from "./heartbeat.js";
import { Menu } from "./menu.js";
import { endCard, gatePanel, helpDialog } from "./panels.js";
import { SeekBar } from "./seekbar.js";
import { Source } from "./source.js";

const HIDE_AFTER = 3000; // milliseconds without a move
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];

// The player: a <video> with controls of our own, every one a real button or slider with a name.
export class Player {
  constructor(box, config) {
    this.box = box;
    this.config = config;
    this.words = config.words;
    this.sprite = box.dataset.icons;
    const kept = memory.get();
    this.video = element("video", { playsinline: true, preload: "metadata", poster: config.poster || null });
    this.video.volume = kept.volume ?? 1;
    this.video.muted = kept.muted ?? false;
    this.preferred = { quality: kept.quality ?? 0, text: kept.text ?? "" };
    this.#build();
    box.classList.add("player");
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", this.words.player);
    box.querySelector(".picture")?.remove();
    this.source = new Source(this.video, config.master, {
      startAt: config.resumeAt,
      onLevels: (heights) => this.#levels(heights),
      onLevel: (height) => this.#level(height),
      onTexts: (names) => this.#texts(names),
      onError: (word) => this.#say(this.words[word], word === "unplayable"),
    });
    this.#events();
    this.setSpeed(kept.speed ?? 1, false);
    keyboard(this);
    if (!this.preview) new Heartbeat(this.video, config.progressUrl);
    if (config.resumeAt) this.#say(this.words.resumed.replace("{time}", clock(config.resumeAt)), false, { label: this.words.fromStart, act: () => (this.video.currentTime = 0) });
  }

  get preview() {
    return this.config.gate.kind === "preview";
  }

  #button(name, label, act, extra = {}) {
    return element("button", { type: "button", "aria-label": label, title: label, onclick: act, ...extra }, icon(this.sprite, name));
  }

  #swap(button, name, label) {
    button.querySelector("use").setAttribute("href", `${this.sprite}#${name}`);
    button.setAttribute("aria-label", label);
    button.title = label;
  }

  #build() {
    const w = this.words;
    this.big = this.#button("play", w.play, () => this.toggle(), { class: "player__big" });
    this.playButton = this.#button("play", w.play, () => this.toggle());
    this.muteButton = this.#button("volume-2", w.mute, () => this.toggleMute());
    this.volume = element("input", { type: "range", min: 0, max: 1, step: 0.05, "aria-label": w.volume, class: "player__volume", oninput: () => this.setVolume(Number(this.volume.value)) });
    this.time = element("span", { class: "player__time" });
    this.seek = new SeekBar(this);
    this.speed = new Menu(this, w.speed, "speed");
    this.speed.fill(SPEEDS.map((s) => ({ value: s, label: s === 1 ? w.normal : `${s}×` })), 1, (s) => this.setSpeed(s));
    this.quality = new Menu(this, w.quality, "quality");
    this.text = new Menu(this, w.subtitles, "subtitles");
    this.pip = document.pictureInPictureEnabled ? this.#button("picture-in-picture-2", w.pip, () => this.togglePip()) : null;
    this.wide = this.#button("expand", w.wide, () => this.toggleWide(), { "aria-pressed": "false" });
    this.full = this.#button("maximize", w.fullscreen, () => this.toggleFullscreen());
    this.help = this.#button("keyboard", w.help, () => this.toggleHelp(), { class: "player__help" });
    const next = this.config.next ? element("a", { href: this.config.next.url, "aria-label": `${w.next}: ${this.config.next.title}`, title: w.next, class: "player__button" }, icon(this.sprite, "skip-forward")) : null;
    this.skip = this.config.intro ? element("button", { type: "button", class: "player__skip", hidden: true, onclick: () => (this.video.currentTime = this.config.intro[1]) }, w.skipIntro) : null;
    this.toast = element("div", { class: "player__toast", role: "status", hidden: true });
    this.spinner = element("div", { class: "player__spinner", hidden: true });
    this.bar = element("div", { class: "player__bar" }, this.seek.root,
      element("div", { class: "player__row" }, this.playButton, next, this.muteButton, this.volume, this.time, element("span", { class: "player__space" }),
        this.speed.root, this.text.root, this.quality.root, this.help, this.pip, this.wide, this.full));
    const strip = this.preview ? element("div", { class: "player__strip" }, element("span", {}, this.config.gate.message), ...this.#actions("button button--gold button--small")) : null;
    this.box.append(this.video, this.spinner, this.big, strip, this.toast, this.skip, this.bar);
  }

  #actions(style) {
    return this.config.gate.actions.map((action) => element("a", { href: action.url, class: style }, action.label));
  }

  #events() {
    const v = this.video;
    const on = (names, act) => names.split(" ").forEach((name) => v.addEventListener(name, act));
    on("play pause ended", () => this.#playing());
    on("volumechange", () => this.#volume());
    on("timeupdate durationchange seeked", () => this.#tick());
    on("waiting", () => (this.spinner.hidden = false));
    on("playing canplay pause", () => (this.spinner.hidden = true));
    on("progress", () => this.seek.buffered());
    on("ended", () => this.#ended());
    on("click", () => this.toggle());
    on("dblclick", () => this.toggleFullscreen());
    document.addEventListener("fullscreenchange", () => {
      const inside = document.fullscreenElement === this.box;
      this.#swap(this.full, inside ? "minimize" : "maximize", inside ? this.words.exit : this.words.fullscreen);
    });
    const wake = () => this.wake();
    this.box.addEventListener("pointermove", wake);
    this.box.addEventListener("focusin", wake);
    this.box.addEventListener("keydown", wake);
    this.#volume();
    this.#playing();
    this.#tick();
  }

  // Shows the controls; hides them later, never while paused or while one of them has the focus.
  wake() {
    this.box.classList.remove("is-idle");
    clearTimeout(this.idle);
    this.idle = setTimeout(() => {
      if (!this.video.paused && !this.bar.contains(document.activeElement)) this.box.classList.add("is-idle");
    }, HIDE_AFTER);
  }

  toggle() {
    if (this.video.paused) this.video.play().catch(() => {});
    else this.video.pause();
  }

  toggleMute() {
    this.video.muted = !this.video.muted;
  }

  setVolume(value) {
    this.video.volume = Math.min(1, Math.max(0, value));
    this.video.muted = this.video.volume === 0;
  }

  setSpeed(value, keep = true) {
    this.video.playbackRate = value;
    this.video.defaultPlaybackRate = value;
    this.speed.choose(value, value === 1 ? "1×" : `${value}×`);
    if (keep) memory.set({ speed: value });
  }

  faster(steps) {
    const at = SPEEDS.indexOf(this.video.playbackRate) + steps;
    if (SPEEDS[at]) this.setSpeed(SPEEDS[at]);
  }

  jump(seconds) {
    this.video.currentTime = Math.min(Math.max(0, this.video.currentTime + seconds), this.video.duration || 0);
  }

  togglePip() {
    if (document.pictureInPictureElement) document.exitPictureInPicture();
    else this.video.requestPictureInPicture?.().catch(() => {});
  }

  toggleWide() {
    const wide = this.box.classList.toggle("is-wide");
    document.documentElement.classList.toggle("has-wide-player", wide);
    this.wide.setAttribute("aria-pressed", String(wide));
  }

  toggleFullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.box.requestFullscreen) this.box.requestFullscreen().catch(() => {});
    else this.video.webkitEnterFullscreen?.();
  }

  toggleText() {
    this.text.next();
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
    const paused = this.video.paused;
    this.#swap(this.playButton, paused ? "play" : "pause", paused ? this.words.play : this.words.pause);
    this.big.hidden = !paused || this.video.ended;
    this.box.classList.toggle("is-playing", !paused);
    this.wake();
  }

  #volume() {
    const off = this.video.muted || this.video.volume === 0;
    this.#swap(this.muteButton, off ? "volume-x" : "volume-2", off ? this.words.unmute : this.words.mute);
    this.volume.value = off ? 0 : this.video.volume;
    this.volume.style.setProperty("--share", `${this.volume.value * 100}%`);
    memory.set({ volume: this.video.volume, muted: this.video.muted });
  }

  #tick() {
    const { currentTime, duration } = this.video;
    this.time.textContent = `${clock(currentTime)} / ${clock(duration)}`;
    this.seek.update();
    if (this.skip) this.skip.hidden = !(currentTime >= this.config.intro[0] && currentTime < this.config.intro[1] - 1);
    if (this.config.outro && this.config.next && currentTime >= this.config.outro && !this.card) this.card = endCard(this);
  }

  #ended() {
    if (this.preview) gatePanel(this, this.#actions("button button--gold"));
    else if (this.config.next && !this.card) this.card = endCard(this);
  }

  #levels(heights) {
    const choices = [{ value: 0, label: this.words.auto }, ...[...new Set(heights)].sort((a, b) => b - a).map((h) => ({ value: h, label: `${h}P` }))];
    const kept = heights.includes(this.preferred.quality) ? this.preferred.quality : 0;
    this.quality.fill(choices, kept, (height) => {
      this.source.quality = height;
      this.preferred.quality = height;
      memory.set({ quality: height });
      this.quality.choose(height, height ? `${height}P` : this.words.auto);
    });
    if (kept) this.source.quality = kept;
    this.quality.choose(kept, kept ? `${kept}P` : this.words.auto);
  }

  #level(height) {
    const shown = this.preferred.quality ? `${height}P` : `${this.words.auto} (${height}P)`;
    this.quality.choose(this.preferred.quality, shown);
  }

  #texts(names) {
    if (!names.length) return;
    const kept = names.indexOf(this.preferred.text);
    const pick = (index) => {
      this.source.text = index;
      memory.set({ text: names[index] ?? "" });
      this.text.choose(index, index < 0 ? this.words.off : names[index]);
    };
    this.text.fill([{ value: -1, label: this.words.off }, ...names.map((label, value) => ({ value, label }))], kept, pick);
    pick(kept);
  }

  #say(text, stays = false, action = null) {
    clearTimeout(this.saying);
    this.toast.replaceChildren(element("span", {}, text));
    if (action) this.toast.append(element("button", { type: "button", onclick: () => { action.act(); this.toast.hidden = true; } }, action.label));
    if (stays) this.toast.append(element("button", { type: "button", onclick: () => location.reload() }, this.words.retry));
    this.toast.hidden = false;
    if (!stays) this.saying = setTimeout(() => (this.toast.hidden = true), 6000);
  }
}
