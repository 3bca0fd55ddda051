import { createSHA256 } from "hash-wasm";

const PIECE = 4 * 1024 * 1024; // bytes held in memory

// Takes a File; answers {share} as it goes, then {sha256}, or {failed: true} for a file that can't be read.
self.onmessage = async ({ data: file }) => {
  try {
    const hash = await createSHA256();
    for (let at = 0; at < file.size; at += PIECE) {
      hash.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
      self.postMessage({ share: Math.min(1, (at + PIECE) / file.size) });
    }
    self.postMessage({ sha256: hash.digest("hex") });
  } catch {
    self.postMessage({ failed: true });
  }
};
