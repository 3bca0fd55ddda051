import { element, icon } from "../dom.js";

/** @import Artplayer from "artplayer" */
/** @import { Menu } from "./menu.js" */
/** @import { Player } from "./player.js" */

// The bar's controls: real buttons, each with a name that follows its state.
export class Controls {
  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    const { words: w, config } = player;
    this.toggle = this.#button("play", w.play, () => player.toggle());
    this.mute = this.#button("volume-2", w.mute, () => player.toggleMute());
    /** @type {HTMLInputElement} */
    this.volume = element("input", {
      type: "range",
      min: 0,
      max: 1,
      step: 0.05,
      "aria-label": w.volume,
      class: "player__volume",
      oninput: () => player.setVolume(Number(this.volume.value)),
    });
    this.help = this.#button("keyboard", w.help, () => player.toggleHelp());
    this.pip = document.pictureInPictureEnabled
      ? this.#button("picture-in-picture-2", w.pip, () => player.togglePip())
      : null;
    this.theatre = this.#button("rectangle-horizontal", w.theatre, () => player.toggleTheatre(), {
      "aria-pressed": "false",
    });
    this.wide = this.#button("expand", w.wide, () => player.toggleWide(), { "aria-pressed": "false" });
    this.full = this.#button("maximize", w.fullscreen, () => player.toggleFullscreen());
    this.next = config.next
      ? element(
          "a",
          {
            href: config.next.url,
            class: "player__button",
            "aria-label": `${w.next}: ${config.next.title}`,
            title: w.next,
          },
          icon(player.sprite, "skip-forward"),
        )
      : null;
  }

  /**
   * A button that gives the focus back when a pointer pressed it, so that the space bar controls the film.
   *
   * @param {string} name of its icon
   * @param {string} label
   * @param {() => void} act
   * @param {Record<string, string>} [extra] attributes
   */
  #button(name, label, act, extra = {}) {
    const onclick = (/** @type {MouseEvent} */ { detail }) => {
      if (detail) button.blur();
      act();
    };
    const button = element(
      "button",
      { type: "button", class: "player__button", "aria-label": label, title: label, onclick, ...extra },
      icon(this.player.sprite, name),
    );
    return button;
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {string} name of its icon
   * @param {string} label
   */
  #swap(button, name, label) {
    button.querySelector("use")?.setAttribute("href", `${this.player.sprite}#${name}`);
    button.setAttribute("aria-label", label);
    button.title = label;
  }

  /**
   * Puts everything on ArtPlayer's bar, in this order.
   *
   * @param {Artplayer} art
   * @param {Record<"text" | "sound" | "speed" | "quality", Menu<number>>} menus
   */
  mount(art, { text, sound, speed, quality }) {
    /** @type {(position: "left" | "right", name: string, index: number, html: HTMLElement | null) => void} */
    const place = (position, name, index, html) => html && art.controls.add({ name, position, index, html });
    place("left", "site-toggle", 10, this.toggle);
    place("left", "site-next", 15, this.next);
    place("left", "site-mute", 20, this.mute);
    place("left", "site-volume", 21, this.volume);
    place("right", "site-speed", 10, speed.root);
    place("right", "site-text", 12, text.root);
    place("right", "site-sound", 14, sound.root);
    place("right", "site-quality", 16, quality.root);
    place("right", "site-help", 30, this.help);
    place("right", "site-pip", 40, this.pip);
    place("right", "site-theatre", 50, this.theatre);
    place("right", "site-wide", 60, this.wide);
    place("right", "site-full", 70, this.full);
  }

  /** @param {boolean} on */
  playing(on) {
    const w = this.player.words;
    this.#swap(this.toggle, on ? "pause" : "play", on ? w.pause : w.play);
  }

  /** @param {number} volume 0 to 1 */
  loudness(volume) {
    const w = this.player.words;
    this.#swap(this.mute, volume ? "volume-2" : "volume-x", volume ? w.mute : w.unmute);
    this.volume.value = String(volume);
    this.volume.style.setProperty("--share", `${volume * 100}%`);
  }

  /** @param {boolean} inside */
  fullscreen(inside) {
    const w = this.player.words;
    this.#swap(this.full, inside ? "minimize" : "maximize", inside ? w.exit : w.fullscreen);
  }

  /**
   * @param {"theatre" | "wide"} name
   * @param {boolean} on
   */
  pressed(name, on) {
    this[name].setAttribute("aria-pressed", String(on));
  }
}
