import Hls from "hls.js";

const LEAD = 15; // seconds that stay as they are, or half of what is left to watch,
const LEAST = 3; // but no less: some must be there for the time it takes

// Opens `address` anew beside `old` and gives it the picture with its buffers, from LEAD seconds ahead of what is
// shown on: nothing of it is seen or heard. The new hls.js, or null if this was no moment for it and `old` goes on.
export async function handOver(old, address, options) {
  const { media } = old;
  const { src } = media;
  const at = goodPlace(media);
  if (at === null) return null;
  const audioPreference = { name: old.audioTracks[old.audioTrack]?.name };
  const next = new Hls({ ...options, audioPreference, autoStartLoad: false, startFragPrefetch: true });
  const gone = new Promise((resolve) => old.once(Hls.Events.DESTROYING, () => resolve(false)));
  old.pauseBuffering();
  const ready = await Promise.race([prepared(next, address, at, media), gone]);
  const given = ready && media.currentTime < at - 1 ? old.transferMedia() : null;
  if (given) await Promise.all(Object.values(given.tracks).map(({ buffer }) => emptied(buffer, at)));
  if (!given || media.src !== src) {
    next.destroy();
    if (old.media) old.resumeBuffering();
    return null;
  }
  next.attachMedia(given);
  next.startLoad(at, true); // on from there, without a seek to it
  return next;
}

// Where the better rungs may begin, null if nowhere just now.
function goodPlace({ buffered, currentTime, duration, playbackRate, seeking, readyState }) {
  const here = [...Array(buffered.length).keys()].find(
    (n) => buffered.start(n) <= currentTime && currentTime <= buffered.end(n),
  );
  if (here === undefined || seeking || readyState < HTMLMediaElement.HAVE_FUTURE_DATA) return null;
  const lead = Math.min(LEAD * playbackRate, (duration - currentTime) / 2, buffered.end(here) - currentTime);
  return lead < LEAST * playbackRate ? null : currentTime + lead;
}

// Whether `hls` has what is to be shown from `at` on; false as soon as the viewer goes elsewhere, or is half way there:
// what came before it has to load again then, or the picture would stand still on a slow line.
function prepared(hls, address, at, media) {
  const missing = new Set(["main"]);
  const latest = (media.currentTime + at) / 2;
  const over = new AbortController();
  return new Promise((resolve) => {
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
  }).finally(() => over.abort());
}

// Takes what a buffer holds from `at` on out of it.
async function emptied(buffer, at) {
  const settled = () =>
    new Promise((resolve) =>
      buffer.updating ? buffer.addEventListener("updateend", resolve, { once: true }) : resolve(),
    );
  await settled();
  buffer.remove(at, Infinity);
  await settled();
}
