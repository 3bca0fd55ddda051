import { endCard, faultPanel, fullPanel, gatePanel, shutPanel } from "./panels.js";

/** @import { Player } from "./player.js" */
/** @import { Gate, Panel, Said } from "./types" */

/** @typedef {"" | "card" | "gate" | "bar"} Kind */

// The one place that decides what stands over the picture when it doesn't simply play. At most one thing at a time:
//   card   the next episode with its countdown, from the outro or the end of a whole title on
//   gate   the end of a preview: what opens the rest. Only the viewer leaves the page from here
//   bar    it can't play, or may not: why, and what to do. It outranks the others and stays
// The end of a whole title without a next episode shows nothing: the big button plays it again.
export class Ending {
  /** @type {Kind} */
  #kind = "";

  /** @type {Panel | null} */
  #panel = null;

  #declined = false;

  /** @param {Player} player */
  constructor(player) {
    this.player = player;
    player.video.addEventListener("play", () => this.#drop("gate"));
  }

  /** The position changed. */
  moved() {
    const { video, preview, config } = this.player;
    if (preview || !config.next) return;
    if (video.currentTime >= (config.outro ?? Infinity)) this.#card(config.next);
    else if (!video.ended) {
      this.#drop("card");
      this.#declined = false; // viewers who seek back are asked again
    }
  }

  /** The film ended. */
  over() {
    const { preview, config } = this.player;
    if (preview) this.#show("gate", () => gatePanel(this.player));
    else if (config.next) this.#card(config.next);
  }

  /**
   * @param {string} text
   * @param {string} label of the button
   * @param {() => void} act
   */
  fault(text, label, act) {
    const press = () => {
      this.clear();
      act();
    };
    this.#bar(() => faultPanel(this.player, text, label, press));
  }

  /**
   * Other players of the account hold all the places.
   *
   * @param {Said} said
   * @param {(id: number) => void} stop ends the player of that id
   * @param {() => void} again asks once more, because a place may be free by now
   */
  full(said, stop, again) {
    this.#bar(() => fullPanel(this.player, said, stop, again));
  }

  /**
   * The title isn't the viewer's any more.
   *
   * @param {Gate} gate what opens it
   */
  shut(gate) {
    this.#bar(() => shutPanel(this.player, gate));
  }

  clear() {
    this.#drop("bar");
  }

  /** @param {() => Panel} make */
  #bar(make) {
    this.#drop(this.#kind);
    this.#show("bar", make);
  }

  /** @param {{ url: string, title: string }} next */
  #card(next) {
    if (this.#declined) return;
    const decline = () => {
      this.#declined = true;
      this.#drop("card");
    };
    this.#show("card", () => endCard(this.player, next, decline));
  }

  /**
   * @param {Kind} kind
   * @param {() => Panel} make
   */
  #show(kind, make) {
    if (this.#kind) return;
    this.#kind = kind;
    this.#panel = make();
  }

  /** @param {Kind} kind */
  #drop(kind) {
    if (!kind || this.#kind !== kind) return;
    this.#panel?.remove();
    this.#panel = null;
    this.#kind = "";
  }
}
