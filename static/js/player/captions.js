import { element } from "./dom.js";

// Whether two tags (RFC 5646) are of one language.
export function isSame(one, other) {
  return Boolean(one && other) && one.slice(0, 2).toLowerCase() === other.slice(0, 2).toLowerCase();
}

// The `index` of the text in one of the languages, the first of which counts most; else of one that says nothing of it.
export function inLanguage(texts, ...languages) {
  const found = languages.map((wanted) => texts.find(({ language }) => isSame(language, wanted)));
  const unsaid = texts.find(({ language }) => !language || language === "und");
  return [...found, unsaid].find(Boolean)?.index ?? -1;
}

// Shows the cues of a text track in the frame, above the controls, in the site's own type.
// Where the system draws the picture itself (picture-in-picture, full screen on iOS) it draws the text too.
export class Captions {
  constructor(art) {
    this.place = art.template.$subtitle;
    this.update = () => this.#show();
    const outside = (on) => () => {
      if (this.track) this.track.mode = on ? "showing" : "hidden";
    };
    art.video.addEventListener("enterpictureinpicture", outside(true));
    art.video.addEventListener("leavepictureinpicture", outside(false));
    art.video.addEventListener("webkitbeginfullscreen", outside(true));
    art.video.addEventListener("webkitendfullscreen", outside(false));
  }

  set shown(track) {
    this.track?.removeEventListener("cuechange", this.update);
    this.track = track;
    track?.addEventListener("cuechange", this.update);
    this.#show();
  }

  #show() {
    const cues = [...(this.track?.activeCues ?? [])];
    this.place.replaceChildren(...cues.map((cue) => element("div", { class: "player__cue" }, cue.getCueAsHTML())));
  }
}
