import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { LIMITS, measure } from "../../static/sizes.mjs";

const DIST = new URL("../../static/dist/", import.meta.url);

test("every bundle has a limit", () => {
  const built = readdirSync(DIST, { recursive: true, encoding: "utf8" }).filter((name) => /\.(js|css|svg)$/.test(name));
  assert.deepEqual(built.sort(), Object.keys(LIMITS).sort());
});

for (const [name, [gzip, brotli]] of Object.entries(LIMITS)) {
  test(`${name} keeps within ${gzip} bytes of gzip and ${brotli} of brotli`, () => {
    const [zipped, squeezed] = measure(name);
    assert.ok(zipped <= gzip, `${zipped} bytes of gzip`);
    assert.ok(squeezed <= brotli, `${squeezed} bytes of brotli`);
    assert.ok(zipped > 0.8 * gzip - 300, `it shrank to ${zipped} bytes of gzip: lower the limit`);
  });
}
