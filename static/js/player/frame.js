import Artplayer from "artplayer";
import { element } from "../dom.js";

/** @import { Chapter, Words } from "./types" */

Object.assign(Artplayer, {
  LOG_VERSION: false,
  CONTEXTMENU: false, // the browser's own menu stays
  FULLSCREEN_WEB_IN_BODY: false,
  MOBILE_DBCLICK_PLAY: false, // touch.js handles double taps
  RECONNECT_TIME_MAX: 0, // the source retries, and knows why
  FAST_FORWARD_VALUE: 2,
  FAST_FORWARD_TIME: 600, // milliseconds of a long press
});

/**
 * ArtPlayer as we use it: the <video>, the bar, gestures, page and full screen, the ground for plugins. Its defects are
 * put right here: real controls replace those that no keyboard reaches, no promise stays unhandled, and controls that
 * hold the focus stay.
 *
 * @param {HTMLDivElement} box
 * @param {object} options
 * @param {Words} options.words
 * @param {string} options.theme a colour
 * @param {Chapter[]} options.chapters
 * @param {HTMLElement} options.spinner
 * @param {HTMLElement} options.big the button over the picture
 * @param {(video: HTMLVideoElement, address: string) => void} options.open loads the source
 * @param {string} options.address
 */
export function frame(box, { words, theme, chapters, spinner, big, open, address }) {
  const texts = {
    Volume: words.volume,
    Rate: words.speed,
    Normal: words.normal,
    "Fullscreen Not Supported": words.noFullscreen,
    "Video Load Failed": words.unplayable,
  };
  const art = new Artplayer({
    container: box,
    url: address,
    type: "hls",
    customType: { hls: open },
    theme,
    volume: 1,
    hotkey: false,
    backdrop: false,
    fastForward: true,
    autoOrientation: true,
    miniProgressBar: true,
    lang: "site",
    i18n: { site: texts },
    icons: { loading: spinner, state: big, indicator: element("i") },
    // without their titles, which ArtPlayer would put into HTML
    highlight: chapters.filter((c) => c.start > 0).map((c) => ({ time: c.start, text: "" })),
  });
  for (const name of ["playAndPause", "volume"]) art.controls.remove(name);
  answerPlay(art.video);
  quietNotice(art);
  keepFocused(art);
  return art;
}

/**
 * play() rejects when a pause or a new source overtakes it. The events report the same, so nothing is lost.
 *
 * @param {HTMLVideoElement} video
 */
function answerPlay(video) {
  const play = video.play.bind(video);
  video.play = () => play().catch(() => {});
}

/**
 * ArtPlayer would write "Play" and "Pause" over the picture at every click.
 *
 * @param {Artplayer} art
 */
function quietNotice(art) {
  const shown = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(art.notice), "show");
  Object.defineProperty(art.notice, "show", {
    get: shown?.get,
    set(text) {
      if (text !== "Play" && text !== "Pause") shown?.set?.call(art.notice, text);
    },
  });
}

/** @param {Artplayer} art */
function keepFocused(art) {
  const { $player, $bottom } = art.template;
  const held = () => {
    const { activeElement } = document;
    return $bottom.contains(activeElement) && activeElement?.matches(":focus-visible, [role=menu] *");
  };
  art.on("control", (shown) => {
    if (!shown && held()) art.controls.show = true;
  });
  // a click on the volume would keep the controls for ever
  art.on("focus", () => Object.assign(art, { isInput: false }));
  $player.addEventListener("focusin", () => (art.controls.show = true));
}
