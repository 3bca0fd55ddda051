import Artplayer from "artplayer";
import { element } from "./dom.js";

Object.assign(Artplayer, {
  LOG_VERSION: false,
  CONTEXTMENU: false, // the browser's own menu stays
  FULLSCREEN_WEB_IN_BODY: false,
  MOBILE_DBCLICK_PLAY: false, // touch.js says what two taps do
  RECONNECT_TIME_MAX: 0, // the source retries, and knows why
  FAST_FORWARD_VALUE: 2,
  FAST_FORWARD_TIME: 600, // milliseconds of a long press
});

// ArtPlayer as we use it: the <video>, the bar, gestures, page and full screen, the ground for plugins.
// What it lacks is put right here: its controls that no keyboard reaches give way to real ones, no promise is left
// unanswered, and controls that hold the focus stay.
export function frame(box, { words, theme, chapters, spinner, big, open, address }) {
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
    i18n: {
      site: {
        Volume: words.volume,
        Rate: words.speed,
        Normal: words.normal,
        "Fullscreen Not Supported": words.noFullscreen,
        "Video Load Failed": words.unplayable,
      },
    },
    icons: { loading: spinner, state: big, indicator: element("i", {}) },
    // without their titles, which ArtPlayer would put into HTML
    highlight: chapters.filter((c) => c.start > 0).map((c) => ({ time: c.start, text: "" })),
  });
  for (const name of ["playAndPause", "volume"]) art.controls.remove(name);
  answerPlay(art.video);
  quietNotice(art);
  keepFocused(art);
  return art;
}

// play() is refused when a pause or a new source overtakes it: the events tell the same, so nothing is lost.
function answerPlay(video) {
  const play = video.play.bind(video);
  video.play = () => play().catch(() => {});
}

// It would say "Play" and "Pause" over the picture at every click.
function quietNotice(art) {
  const shown = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(art.notice), "show");
  Object.defineProperty(art.notice, "show", {
    get: shown.get,
    set(text) {
      if (text !== "Play" && text !== "Pause") shown.set.call(art.notice, text);
    },
  });
}

function keepFocused(art) {
  const { $player, $bottom } = art.template;
  const held = () =>
    $bottom.contains(document.activeElement) && document.activeElement.matches(":focus-visible, [role=menu] *");
  art.on("control", (shown) => {
    if (!shown && held()) art.controls.show = true;
  });
  art.on("focus", () => (art.isInput = false)); // a click on the volume would keep the controls for ever
  $player.addEventListener("focusin", () => (art.controls.show = true));
}
