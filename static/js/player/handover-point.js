const LEAD = 15; // seconds that stay as they are, or half of what is left to watch,
const LEAST = 3; // but no less: loading takes some time
const HAVE_FUTURE_DATA = 3; // of HTMLMediaElement.readyState

/**
 * Where the better renditions may begin, in seconds; null if nowhere at the moment.
 *
 * @param {Pick<HTMLMediaElement,
 *   "buffered" | "currentTime" | "duration" | "playbackRate" | "seeking" | "readyState">} media
 */
export function handOverPoint({ buffered, currentTime, duration, playbackRate, seeking, readyState }) {
  const ranges = [...Array(buffered.length).keys()];
  const here = ranges.find((n) => buffered.start(n) <= currentTime && currentTime <= buffered.end(n));
  if (here === undefined || seeking || readyState < HAVE_FUTURE_DATA) return null;
  const lead = Math.min(LEAD * playbackRate, (duration - currentTime) / 2, buffered.end(here) - currentTime);
  return lead < LEAST * playbackRate ? null : currentTime + lead;
}
