import Hls from "hls.js";
import { handOverPoint } from "./handover-point.js";

/** @import { HlsConfig } from "hls.js" */

/**
 * Opens `address` again beside `old` and gives it the picture with its buffers from some seconds ahead of what is
 * shown: the viewer sees and hears nothing of it.
 *
 * @param {Hls} old
 * @param {string} address
 * @param {Partial<HlsConfig>} options
 * @returns {Promise<Hls | null>} the new hls.js; null if this was no moment for it, and `old` plays on
 */
export async function handOver(old, address, options) {
  const { media } = old;
  const at = media && handOverPoint(media);
  if (!media || at === null) return null;
  const { src } = media;
  const audioPreference = { name: old.audioTracks[old.audioTrack]?.name };
  const next = new Hls({ ...options, audioPreference, autoStartLoad: false, startFragPrefetch: true });
  /** @type {Promise<boolean>} */
  const gone = new Promise((resolve) => {
    old.once(Hls.Events.DESTROYING, () => resolve(false));
  });
  old.pauseBuffering();
  const ready = await Promise.race([prepared(next, address, at, media), gone]);
  const given = ready && media.currentTime < at - 1 ? old.transferMedia() : null;
  if (given) {
    const buffers = Object.values(given.tracks ?? {}).map((track) => track?.buffer);
    await Promise.all(buffers.map((buffer) => emptied(/** @type {SourceBuffer} */ (buffer), at)));
  }
  if (!given || media.src !== src) {
    next.destroy();
    if (old.media) old.resumeBuffering();
    return null;
  }
  next.attachMedia(given);
  next.startLoad(at, true); // on from there, without a seek to it
  return next;
}

/**
 * Whether `hls` has what is to be shown from `at` on. False as soon as the viewer seeks or is half way there: what came
 * before has to load again then, or the picture would freeze on a slow line.
 *
 * @param {Hls} hls
 * @param {string} address
 * @param {number} at seconds
 * @param {HTMLMediaElement} media
 * @returns {Promise<boolean>}
 */
function prepared(hls, address, at, media) {
  /** @type {Set<string>} */
  const missing = new Set(["main"]);
  const latest = (media.currentTime + at) / 2;
  const over = new AbortController();
  /** @type {Promise<boolean>} */
  const answer = new Promise((resolve) => {
    media.addEventListener("seeking", () => resolve(false), { signal: over.signal });
    media.addEventListener("timeupdate", () => media.currentTime > latest && resolve(false), { signal: over.signal });
    hls.on(Hls.Events.ERROR, (_, { fatal }) => fatal && resolve(false));
    hls.on(Hls.Events.MANIFEST_PARSED, (_, { audioTracks }) => {
      if (audioTracks.length) missing.add("audio");
      hls.startLoad(at);
    });
    hls.on(Hls.Events.FRAG_PARSED, (_, { frag }) => {
      missing.delete(frag.type);
      if (!missing.size) resolve(true);
    });
    hls.loadSource(address);
  });
  return answer.finally(() => over.abort());
}

/**
 * Removes what a buffer holds from `at` on.
 *
 * @param {SourceBuffer} buffer
 * @param {number} at seconds
 */
async function emptied(buffer, at) {
  const settled = async () => {
    if (buffer.updating) {
      await new Promise((resolve) => {
        buffer.addEventListener("updateend", resolve, { once: true });
      });
    }
  };
  await settled();
  buffer.remove(at, Infinity);
  await settled();
}
