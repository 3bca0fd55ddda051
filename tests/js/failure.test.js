import assert from "node:assert/strict";
import { test } from "node:test";
import { failure } from "../../static/js/player/failure.js";

const network = (/** @type {string} */ details, /** @type {number} */ code, text = "") => ({
  type: "networkError",
  details,
  response: { code, text },
});

for (const [kind, data] of /** @type {[string, Parameters<typeof failure>[0]][]} */ ([
  ["refused", network("manifestLoadError", 403)],
  ["refused", network("manifestLoadError", 404)],
  ["refused", network("levelLoadError", 403)],
  ["refused", network("audioTrackLoadError", 403)],
  ["refused", network("subtitleTrackLoadError", 403)],
  ["refused", network("fragLoadError", 403, "refused")],
  ["gone", network("levelLoadError", 404)],
  ["gone", network("fragLoadError", 403)],
  ["gone", network("fragLoadError", 404)],
  ["gone", network("fragLoadError", 410)],
  ["away", network("fragLoadError", 0)],
  ["away", network("manifestLoadError", 500)],
  ["away", network("fragLoadError", 502)],
  ["away", { type: "networkError", details: "fragLoadTimeOut" }],
  ["other", network("fragLoadError", 416)],
  ["media", { type: "mediaError", details: "bufferAppendError" }],
  ["other", { type: "keySystemError", details: "keySystemNoAccess" }],
])) {
  test(`${data.details} ${data.response?.code ?? ""} ${data.response?.text ?? ""} means ${kind}`, () => {
    assert.equal(failure(data), kind);
  });
}
