import { GrantKind } from "./codes.js";
import { LOST, verdict } from "./state.js";

/** @import { Ending } from "./ending.js" */
/** @import { Player } from "./player.js" */
/** @import { Said, Wish } from "./types" */

const PATIENCE = 10_000; // milliseconds between two refusals of the same fault

// Whether this player may play on: after a refusal, or a heartbeat that brought news, it rests, asks the server, and
// plays on or shows why it can't.
export class Standing {
  #isAsking = false;
  /** @type {Wish | null} */
  #wish = null; // what the viewer chose while another question was on its way
  #isOut = false;
  #refusedAt = -PATIENCE;

  /**
   * @param {Player} player
   * @param {Ending} ending
   */
  constructor(player, ending) {
    this.player = player;
    this.ending = ending;
  }

  /**
   * A heartbeat brought news: another viewer than this page was made for, or this player's place is gone.
   *
   * @param {Said} said
   */
  changed({ kind, signedIn, place }) {
    const { config, view, words } = this.player;
    const out = config.signedIn && !signedIn;
    if (kind !== GrantKind.FULL || LOST.has(place ?? "")) {
      this.#ask();
      return;
    }
    if (out && !this.#isOut) view.say(words.signedOut, true, { label: words.signIn, act: () => this.#signIn() });
    this.#isOut = out;
  }

  /** The server gave no playlist or no address. */
  refused() {
    const now = performance.now();
    const again = now - this.#refusedAt < PATIENCE; // though it said that all is well
    this.#refusedAt = now;
    this.#ask({}, again);
  }

  /**
   * @param {Wish} wish
   * @param {boolean} again whether it was refused a moment ago
   */
  async #ask(wish = {}, again = false) {
    if (this.#isAsking) {
      if (Object.keys(wish).length) this.#wish = wish;
      return;
    }
    this.#isAsking = true;
    this.player.rest();
    let said = await this.player.place.ask(wish);
    while (this.#wish) {
      const chosen = this.#wish;
      this.#wish = null;
      said = await this.player.place.ask(chosen);
    }
    this.#isAsking = false;
    this.#show(said, again);
  }

  /**
   * @param {Said | null} said
   * @param {boolean} again
   */
  #show(said, again) {
    const { ending, player } = this;
    const { words: w } = player;
    switch (verdict(said, player.config, again)) {
      case "offline":
        return ending.fault(w.offline, w.retry, () => this.#ask());
      case "full":
        return ending.full(
          /** @type {Said} */ (said),
          (id) => this.#ask({ stop: id }),
          () => this.#ask(),
        );
      case "stopped":
        return ending.fault(w.stopped, w.watchHere, () => this.#ask({ back: true }));
      case "signedOut":
        return ending.fault(w.signedOut, w.signIn, () => this.#signIn());
      case "shut":
        return said?.gate && ending.shut(said.gate);
      case "reload":
        return ending.fault(w.refused, w.goOn, () => location.reload());
      default:
        ending.clear();
        return player.resume();
    }
  }

  #signIn() {
    location.assign(this.player.config.signInUrl);
  }
}
