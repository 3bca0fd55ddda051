// The subtitles of hls.js, which hands over parsed cues, in one hidden track of the <video>: its own <track> elements
// would have data: addresses, which the page's policy forbids.
export class ParsedTexts {
  /** @type {Map<string, VTTCue[]>} by the name of their track: each is read once */
  #cues = new Map();

  /** @type {TextTrack | null} */
  #track = null;

  #name = "";

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.video = video;
  }

  /**
   * Fills the track with the cues of the subtitles of that name; "" empties it.
   *
   * @param {string} name
   */
  choose(name) {
    const track = (this.#track ??= this.video.addTextTrack("subtitles"));
    track.mode = "hidden";
    if (name !== this.#name) {
      for (const cue of [...(track.cues ?? [])]) track.removeCue(cue);
      for (const cue of this.#cues.get(name) ?? []) track.addCue(cue);
    }
    this.#name = name;
    return track;
  }

  /**
   * Adds what has been loaded of the subtitles of that name.
   *
   * @param {string} name
   * @param {VTTCue[]} cues
   */
  add(name, cues) {
    const known = this.#cues.get(name) ?? [];
    const fresh = cues.filter((cue) => !known.some((old) => old.startTime === cue.startTime && old.text === cue.text));
    this.#cues.set(name, [...known, ...fresh]);
    if (name === this.#name) for (const cue of fresh) this.#track?.addCue(cue);
  }
}
