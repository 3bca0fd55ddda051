import Hls from "hls.js";

// Plays an HLS address into a <video>: hls.js, or the browser's own player where that is all there is (iOS).
export class Source {
  constructor(video, address, { onLevels, onLevel, onError, onTexts, startAt }) {
    this.video = video;
    this.address = address;
    this.handlers = { onLevels, onLevel, onError, onTexts };
    this.startAt = startAt;
    this.renewals = 0;
    this.#open();
  }

  #open() {
    if (!Hls.isSupported()) {
      this.video.src = this.address;
      this.video.addEventListener("loadedmetadata", () => (this.video.currentTime = this.startAt || 0), { once: true });
      this.video.addEventListener("error", () => this.handlers.onError("unplayable"));
      return;
    }
    const hls = new Hls({ startPosition: this.startAt || -1, capLevelToPlayerSize: true, renderTextTracksNatively: true, subtitleDisplay: false });
    this.hls = hls;
    hls.on(Hls.Events.MANIFEST_PARSED, () => this.handlers.onLevels(hls.levels.map((l) => Math.min(l.height, l.width))));
    hls.on(Hls.Events.LEVEL_SWITCHED, (_, { level }) => this.handlers.onLevel(Math.min(hls.levels[level].height, hls.levels[level].width)));
    hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, (_, { subtitleTracks }) => this.handlers.onTexts(subtitleTracks.map((t) => t.name)));
    hls.on(Hls.Events.ERROR, (_, data) => this.#failed(data));
    hls.loadSource(this.address);
    hls.attachMedia(this.video);
  }

  #failed(data) {
    const status = data.response?.code;
    if (status === 403 || status === 410) return this.#renew(); // the addresses have expired: ask for new ones
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.NETWORK_ERROR) {
      this.handlers.onError(status ? "unplayable" : "offline");
      if (!status) setTimeout(() => this.hls?.startLoad(), 3000);
    } else if (data.type === Hls.ErrorTypes.MEDIA_ERROR && this.renewals++ < 2) {
      this.hls.recoverMediaError();
    } else {
      this.handlers.onError("unplayable");
    }
  }

  #renew() {
    if (this.renewals++ > 2) return this.handlers.onError("unplayable");
    this.handlers.onError("expired");
    this.startAt = this.video.currentTime;
    this.hls.destroy();
    this.#open();
    this.video.play().catch(() => {});
  }

  set quality(height) {
    if (!this.hls) return;
    this.hls.nextLevel = height ? this.hls.levels.findIndex((l) => Math.min(l.height, l.width) === height) : -1;
  }

  set text(index) {
    if (!this.hls) return;
    this.hls.subtitleTrack = index;
    this.hls.subtitleDisplay = index >= 0;
  }
}
