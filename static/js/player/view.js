import { element, icon } from "../dom.js";
import { Captions } from "./captions.js";
import { Controls } from "./controls.js";
import { frame } from "./frame.js";
import { Menu } from "./menu.js";
import { helpDialog } from "./panels.js";
import { SeekBar } from "./seekbar.js";
import { SPEEDS } from "./state.js";

/** @import { Player } from "./player.js" */
/** @import { MessageAction } from "./types" */

const SHOWN = 6000; // milliseconds of a message
const ACCENT = "#ff7a59";

/**
 * Puts ArtPlayer into the page's box, in place of the picture and the button that stood there.
 *
 * @param {Player} player
 * @param {(video: HTMLVideoElement, address: string) => void} open loads the source
 */
export function setUp(player, open) {
  const { box, config, place, sprite, words } = player;
  const picture = box.querySelector(".picture");
  const strip = box.querySelector(".player__strip");
  const stage = element("div", { class: "player__frame" });
  box.replaceChildren(stage);
  box.classList.add("player");
  const big = element(
    "button",
    { type: "button", class: "player__big", "aria-label": words.play },
    icon(sprite, "play"),
  );
  const art = frame(stage, {
    words,
    theme: ACCENT,
    chapters: config.chapters,
    address: place.of(config.master),
    big,
    spinner: element("div", { class: "player__spinner" }),
    open,
  });
  if (picture) art.template.$poster.append(picture);
  return { art, big, strip };
}

// What the player shows: the bar with its menus, the subtitles, messages and help. It decides nothing.
export class View {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #saying;

  /** @type {HTMLDialogElement | null} */
  #help = null;

  /**
   * @param {Player} player
   * @param {{ big: HTMLElement, strip: Element | null }} parts from `setUp`
   */
  constructor(player, { big, strip }) {
    const { art, config, sprite, words: w } = player;
    this.player = player;
    this.big = big;
    this.captions = new Captions(art);
    this.seek = new SeekBar(player);
    this.menus = {
      /** @type {Menu<number>} */
      speed: new Menu(w.speed, "speed"),
      /** @type {Menu<number>} */
      text: new Menu(w.subtitles, "subtitles", icon(sprite, "captions")),
      /** @type {Menu<number>} */
      sound: new Menu(w.sound, "sound", icon(sprite, "audio-lines")),
      /** @type {Menu<number>} */
      quality: new Menu(w.quality, "quality"),
    };
    const speeds = SPEEDS.map((value) => ({ value, label: value === 1 ? w.normal : `${value}×` }));
    this.menus.speed.fill(speeds, 1, (value) => player.setSpeed(value));
    this.controls = new Controls(player);
    this.controls.mount(art, this.menus);
    this.skip = config.intro ? this.#skipButton(config.intro[1]) : null;
    this.toast = element("div", { class: "player__toast", role: "status", hidden: true });
    player.stage.append(...[strip, this.toast, this.skip].filter((part) => part !== null));
  }

  /** @param {number} end of the intro, in seconds */
  #skipButton(end) {
    const onclick = () => (this.player.video.currentTime = end);
    const attributes = { type: "button", class: "player__skip", hidden: true, onclick };
    return element("button", attributes, this.player.words.skipIntro);
  }

  /** Shows whether it plays. */
  playing() {
    const { box, preview, video } = this.player;
    const { paused, ended } = video;
    this.controls.playing(!paused);
    this.big.hidden = !paused || (ended && preview);
    box.classList.toggle("is-playing", !paused);
  }

  /** Offers to skip the intro during it. */
  moved() {
    const { config, video } = this.player;
    const [from, to] = config.intro ?? [0, 0];
    if (this.skip) this.skip.hidden = !(video.currentTime >= from && video.currentTime < to - 1);
  }

  toggleHelp() {
    const dialog = (this.#help ??= helpDialog(this.player));
    if (dialog.open) dialog.close();
    else dialog.showModal();
  }

  /** @param {string} text */
  notice(text) {
    this.player.art.notice.show = text;
  }

  /**
   * Shows a message over the picture, for some seconds or, if it `stays`, until the next.
   *
   * @param {string} text
   * @param {boolean} [stays]
   * @param {MessageAction | null} [action]
   */
  say(text, stays = false, action = null) {
    clearTimeout(this.#saying);
    this.toast.replaceChildren(element("span", {}, text));
    if (action) {
      const onclick = () => {
        action.act();
        this.hush();
      };
      this.toast.append(element("button", { type: "button", onclick }, action.label));
    }
    this.toast.hidden = false;
    if (!stays) this.#saying = setTimeout(() => this.hush(), SHOWN);
  }

  hush() {
    this.toast.hidden = true;
  }
}
