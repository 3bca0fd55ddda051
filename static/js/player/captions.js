import { element } from "../dom.js";

/** @import Artplayer from "artplayer" */

// Shows the cues of a text track in the frame, above the controls, in the site's own type.
// Where the system draws the picture itself (picture-in-picture, full screen on iOS) it draws the text too.
export class Captions {
  /** @type {TextTrack | null} */
  #track = null;

  /** @param {Artplayer} art */
  constructor(art) {
    this.place = art.template.$subtitle;
    this.update = () => this.#show();
    const outside = (/** @type {boolean} */ on) => () => {
      if (this.#track) this.#track.mode = on ? "showing" : "hidden";
    };
    art.video.addEventListener("enterpictureinpicture", outside(true));
    art.video.addEventListener("leavepictureinpicture", outside(false));
    art.video.addEventListener("webkitbeginfullscreen", outside(true));
    art.video.addEventListener("webkitendfullscreen", outside(false));
  }

  /** @param {TextTrack | null} track */
  show(track) {
    this.#track?.removeEventListener("cuechange", this.update);
    this.#track = track;
    track?.addEventListener("cuechange", this.update);
    this.#show();
  }

  #show() {
    const cues = /** @type {VTTCue[]} */ ([...(this.#track?.activeCues ?? [])]);
    this.place.replaceChildren(...cues.map((cue) => element("div", { class: "player__cue" }, cue.getCueAsHTML())));
  }
}
