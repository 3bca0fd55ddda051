const GONE = new Set([403, 404, 410]); // a file that isn't there any more, or whose address can't be renewed
const LISTS = new Set(["levelLoadError", "audioTrackLoadError", "subtitleTrackLoadError"]);

/**
 * What an error of hls.js means:
 *   refused  the server gives this viewer no playlist or no address
 *   gone     a file was replaced, or its address expired
 *   away     the network or the server is away
 *   media    the decoder stumbled
 *   other    anything else
 *
 * @param {{ type: string, details: string, response?: { code?: number, text?: string } }} data
 */
export function failure({ type, details, response }) {
  const { code: status, text } = response ?? {};
  if (details === "manifestLoadError" && (status === 403 || status === 404)) return "refused";
  if ((LISTS.has(details) && status === 403) || text === "refused") return "refused";
  if (status && GONE.has(status)) return "gone";
  if (type === "networkError" && (!status || status >= 500)) return "away";
  return type === "mediaError" ? "media" : "other";
}
