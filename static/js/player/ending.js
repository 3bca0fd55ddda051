import { endCard, faultPanel, fullPanel, gatePanel, shutPanel } from "./panels.js";

// The one place that decides what stands over the picture when it doesn't simply play. At most one thing at a time:
//   card   the next episode, with its countdown: from the outro or the end of a whole title on
//   gate   a preview is over: what opens the rest. Nothing leaves the page from here but the viewer
//   bar    it can't play, or may not: why, and what to do. It outranks the others and stays
// The end of a whole title without a next episode shows nothing: the big button plays it again.
export class Ending {
  constructor(player) {
    Object.assign(this, { player, kind: "", panel: null, declined: false });
    player.video.addEventListener("play", () => this.#drop("gate"));
  }

  moved() {
    const {
      video,
      preview,
      config: { outro, next },
    } = this.player;
    if (preview || !next) return;
    if (video.currentTime >= (outro ?? Infinity)) this.#card();
    else if (!video.ended) {
      this.#drop("card");
      this.declined = false; // those who go back are asked again
    }
  }

  over() {
    if (this.player.preview) this.#show("gate", () => gatePanel(this.player));
    else if (this.player.config.next) this.#card();
  }

  fault(text, label, act) {
    this.#bar(() =>
      faultPanel(this.player, text, label, () => {
        this.clear();
        act();
      }),
    );
  }

  // Other players of the account hold all the places. `stop` receives the id of the one to end; `again` retries because
  // one may be free now.
  full(said, stop, again) {
    this.#bar(() => fullPanel(this.player, said, stop, again));
  }

  // The title isn't the viewer's any more: what opens it.
  shut(gate) {
    this.#bar(() => shutPanel(this.player, gate));
  }

  clear() {
    this.#drop("bar");
  }

  #bar(make) {
    this.#drop(this.kind);
    this.#show("bar", make);
  }

  #card() {
    if (this.declined) return;
    this.#show("card", () =>
      endCard(this.player, () => {
        this.declined = true;
        this.#drop("card");
      }),
    );
  }

  #show(kind, make) {
    if (this.kind) return;
    this.kind = kind;
    this.panel = make();
  }

  #drop(kind) {
    if (!kind || this.kind !== kind) return;
    this.panel.remove();
    Object.assign(this, { kind: "", panel: null });
  }
}
