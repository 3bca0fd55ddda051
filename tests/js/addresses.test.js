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
  const addresses = make();
  assert.equal(await addresses.current("/play/1/1/file"), "/play/1/1/file");
  assert.equal(addresses.has("/play/1/1/file"), false);
});

test("a CDN's address is renewed whole, whatever its signature looks like", async () => {
  const hash = "0123456789abcdef".repeat(2);
  const cdn = "https://cdn.example";
  for (const [before, now] of /** @type {[string, string][]} */ ([
    [`/v/a.mp4?auth_key=1-0-0-${hash}`, `/v/a.mp4?auth_key=2-0-0-${hash}`],
    [`/202601010000/${hash}/v/a.mp4`, `/202601010010/${hash}/v/a.mp4`],
    [`/${hash}/5E577978/v/a.mp4`, `/${hash}/5e577979/v/a.mp4`],
    [`/v/a.mp4?sign=${hash}&t=1`, `/v/a.mp4?sign=${hash}&t=2`],
    ["/v/a.mp4?st=x&ts=1", `/v/a.mp4?auth_key=2-0-0-${hash}`],
  ])) {
    const old = before.includes("st=") ? before : cdn + before;
    const addresses = make();
    const first = `${old}${old === before ? "&" : "#"}n=3`;
    assert.equal(await addresses.current(first), new URL(first, location.href).href);
    answer.body = JSON.stringify({ kind: "full", files: [cdn + now] });
    assert.equal(await addresses.renew(), "good");
    const renewed = new URL(await addresses.current(first));
    assert.equal(renewed.href.split(/[#&]n=/)[0], cdn + now);
    assert.equal(addresses.has(old), true);
    assert.equal(addresses.has(cdn + now), true);
  }
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

test("an address of before in a playlist takes nothing from a renewed one", async () => {
  const addresses = make();
  await addresses.current(OLD);
  await addresses.renew();
  assert.equal(parts(await addresses.current(OLD)), "/v/video.mp4?st=new&ts=2000");
  assert.equal(parts(await addresses.current("/v/video.mp4?st=between&ts=1500")), "/v/video.mp4?st=new&ts=2000");
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
