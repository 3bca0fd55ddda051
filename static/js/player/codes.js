// The codes of the server's enums; tests/playback/test_codes.py holds them against each other.
export const GrantKind = Object.freeze({ FULL: "full", PREVIEW: "preview", REFUSED: "refused" });
export const PlaceState = Object.freeze({ HELD: "held", FULL: "full", STOPPED: "stopped" });
export const EpisodeState = Object.freeze({
  MISSING: "missing",
  PROCESSING: "processing",
  FAILED: "failed",
  READY: "ready",
});
