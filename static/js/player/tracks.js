import { inLanguage } from "./languages.js";
import { memory } from "./memory.js";
import { qualities, qualityLabel, subtitles } from "./state.js";

/** @import { Source } from "./source.js" */
/** @import { Kept, SoundTrackInfo, TextTrackInfo, Words } from "./types" */
/** @import { View } from "./view.js" */

// The qualities, sound tracks and subtitles of a source: fills their menus, applies the viewer's choices, keeps them.
export class Tracks {
  #quality = 0; // height in pixels; 0 for auto

  /** @type {number | undefined} */
  #height; // of what plays

  /** @type {string | undefined} */
  #spoken; // the language of the sound

  #usualText = -1; // what the switch turns on

  /** @type {(() => void) | null} */
  #showText = null;

  /**
   * @param {View} view
   * @param {Words} words
   * @param {Kept} kept
   * @param {() => Source} source
   */
  constructor(view, words, kept, source) {
    this.view = view;
    this.menus = view.menus;
    this.words = words;
    this.kept = kept;
    this.source = source;
  }

  /** @param {number[]} heights of the renditions, in pixels */
  levels(heights) {
    const { choices, chosen } = qualities(heights, this.kept);
    const pick = (/** @type {number} */ height) => {
      this.#quality = this.kept.quality = height;
      this.source().setQuality(height);
      memory.set({ quality: height });
      this.level(this.#height);
    };
    this.#quality = chosen;
    this.menus.quality.fill([{ value: 0, label: this.words.auto }, ...choices], chosen, pick);
    if (chosen) this.source().setQuality(chosen);
    this.level(this.#height ?? chosen);
  }

  /** @param {number | undefined} height of the rendition that plays */
  level(height) {
    this.#height = height;
    this.menus.quality.choose(this.#quality, qualityLabel(this.#quality, height, this.words.auto));
  }

  /** @param {TextTrackInfo[]} tracks */
  texts(tracks) {
    if (!tracks.length) return;
    const page = document.documentElement.lang;
    const { forced, choices, chosen, usual } = subtitles(tracks, this.kept, page);
    const show = (/** @type {number} */ index) => {
      this.view.captions.show(this.source().text(index < 0 ? inLanguage(forced, this.#spoken, page) : index));
      if (index >= 0) this.#usualText = index;
      this.menus.text.choose(index, tracks[index]?.name ?? this.words.subtitles);
    };
    const pick = (/** @type {number} */ index) => {
      this.kept.text = tracks[index]?.name ?? "";
      memory.set({ text: this.kept.text });
      show(index);
    };
    this.#usualText = usual;
    const lines = choices.map(({ index, name }) => ({ value: index, label: name }));
    if (choices.length) this.menus.text.fill([{ value: -1, label: this.words.off }, ...lines], chosen, pick);
    this.#showText = () => show(this.menus.text.chosen ?? -1);
    show(chosen);
  }

  /** Turns the subtitles off, or on: those chosen last, else those in the page's language. */
  toggleText() {
    const { choices, chosen = -1, pick } = this.menus.text;
    if (choices.length) pick(chosen >= 0 ? -1 : this.#usualText);
  }

  /** @param {SoundTrackInfo[]} tracks */
  sounds(tracks) {
    const speak = (/** @type {number} */ index) => {
      this.#spoken = tracks[index]?.language;
      this.#showText?.();
    };
    if (tracks.length < 2) {
      speak(0);
      return;
    }
    const names = tracks.map((track) => track.name);
    const pick = (/** @type {number} */ index) => {
      this.source().setSound(index);
      this.kept.sound = names[index];
      memory.set({ sound: this.kept.sound });
      this.menus.sound.choose(index, names[index]);
      speak(index);
    };
    const chosen = Math.max(0, names.indexOf(this.kept.sound ?? ""));
    const lines = names.map((label, value) => ({ value, label }));
    this.menus.sound.fill(lines, chosen, pick);
    pick(chosen);
  }
}
