import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, afterEach, before, beforeEach, mock, test } from "node:test";
import { Addresses } from "../../static/js/player/addresses.js";
import { Place } from "../../static/js/player/place.js";

const LIFETIME = 300; // seconds

/** @type {{ status: number, body: string }} what the server answers next */
let answer;
/** @type {string[]} the requests it has had */
let asked;

const server = createServer((request, response) => {
  asked.push(request.url ?? "");
  response.writeHead(answer.status).end(answer.body);
});

before(async () => {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const site = `http://127.0.0.1:${port}`;
  const { fetch } = globalThis;
  // In a page relative addresses are those of its site.
  Object.assign(globalThis, {
    location: new URL(`${site}/watch/1/1/`),
    fetch: (/** @type {string} */ url, /** @type {RequestInit} */ options) => fetch(new URL(url, site), options),
  });
});

after(() => server.close());

beforeEach(() => {
  asked = [];
  answer = { status: 200, body: renewed(2000) };
  mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
});

afterEach(() => mock.timers.reset());

const renewed = (/** @type {number} */ ts, kind = "full") =>
  JSON.stringify({ kind, files: [`/v/video.mp4?st=new&ts=${ts}`, `/v/sound.mp4?st=new2&ts=${ts}`] });

const make = (lifetime = LIFETIME) =>
  new Addresses(new Place("/place/", null), { url: "/play/1/1/addresses", lifetime }, "full");

const OLD = "/v/video.mp4?st=old&ts=1000";
const parts = (/** @type {string} */ address) => {
  const url = new URL(address, location.href);
  return `${url.pathname}?st=${url.searchParams.get("st")}&ts=${url.searchParams.get("ts")}`;
};

test("a fresh address is used as it stands in the playlist", async () => {
  assert.equal(parts(await make().current(OLD)), OLD);
  assert.deepEqual(asked, []);
});

test("an address that isn't signed is left alone", async () => {
  assert.equal(await make().current("https://other.example/film.mp4"), "https://other.example/film.mp4");
});

test("past half of the lifetime all are renewed, without waiting for it", async () => {
  const addresses = make();
  await addresses.current(OLD);
  mock.timers.tick(1000 * (LIFETIME / 2) - 1);
  await addresses.current(OLD);
  assert.deepEqual(asked, []);
  mock.timers.tick(1);
  assert.equal(parts(await addresses.current(OLD)), OLD);
  assert.equal(await addresses.renew(), "good");
  assert.deepEqual(asked, ["/play/1/1/addresses"]);
  assert.equal(parts(await addresses.current(OLD)), "/v/video.mp4?st=new&ts=2000");
  assert.equal(addresses.has("/v/sound.mp4"), true);
});

test("near the end the request waits for the renewal", async () => {
  const addresses = make();
  await addresses.current(OLD);
  mock.timers.tick(1000 * LIFETIME * 0.9);
  assert.equal(parts(await addresses.current(OLD)), "/v/video.mp4?st=new&ts=2000");
});

test("addresses that outlive the film are never renewed", async () => {
  const addresses = make(0);
  await addresses.current(OLD);
  mock.timers.tick(1000 * 86_400);
  assert.equal(parts(await addresses.current(OLD)), OLD);
  assert.deepEqual(asked, []);
});

test("a clock that was set back makes an address stale", () => {
  const addresses = make();
  assert.equal(addresses.isStale(Date.now()), false);
  assert.equal(addresses.isStale(Date.now() + 1), true);
  assert.equal(addresses.isStale(Date.now() - 1000 * (LIFETIME / 2)), true);
});

test("the signature with the latest expiry is kept", async () => {
  const addresses = make();
  await addresses.current("/v/video.mp4?st=later&ts=5000");
  assert.equal(parts(await addresses.current(OLD)), "/v/video.mp4?st=later&ts=5000");
});

test("all who wait share one request", async () => {
  const addresses = make();
  assert.deepEqual(await Promise.all([addresses.renew(), addresses.renew()]), ["good", "good"]);
  assert.equal(asked.length, 1);
});

test("a refusal, lesser rights and no answer are distinguished", async () => {
  for (const [status, body, outcome] of /** @type {[number, string, string][]} */ ([
    [403, "", "refused"],
    [404, "", "refused"],
    [200, renewed(2000, "preview"), "refused"],
    [500, "", "away"],
    [200, "<html>", "away"],
  ])) {
    answer = { status, body };
    assert.equal(await make().renew(), outcome, `${status} ${body}`);
  }
});

test("a file that got another name is found by a range of its playlist", async () => {
  const addresses = make();
  await addresses.current(OLD);
  answer.body = ["#EXTM3U", '#EXT-X-MAP:URI="/n/video.mp4?st=s&ts=3000",BYTERANGE="800@0"', "#EXTINF:4,"]
    .concat(["#EXT-X-BYTERANGE:1000@800", "/n/video.mp4?st=s&ts=3000", ""])
    .join("\n");
  const playlist = "/play/1/1/v.m3u8";
  const found = await addresses.moved({ url: OLD, playlist, rangeStart: 800, rangeEnd: 1800 });
  assert.equal(found, "/n/video.mp4?st=s&ts=3000");
  await addresses.current(found);
  assert.equal(parts(await addresses.current(OLD)), "/n/video.mp4?st=s&ts=3000");
  assert.equal(await make().moved({ url: OLD, playlist, rangeStart: 9, rangeEnd: 10 }), null);
});

test("an initialisation section is found, but says nothing about the file", async () => {
  const addresses = make();
  answer.body = '#EXTM3U\n#EXT-X-MAP:URI="/n/video.mp4?st=s&ts=3000",BYTERANGE="800@0"\n';
  const request = { url: OLD, playlist: "/play/1/1/v.m3u8", rangeStart: 0, rangeEnd: 800 };
  assert.equal(await addresses.moved(request), "/n/video.mp4?st=s&ts=3000");
  assert.equal(parts(await addresses.current(OLD)), OLD);
});
