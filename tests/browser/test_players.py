"""Players not written here play every level, sound and subtitle of a corpus title to its end."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import imageio_ffmpeg
import m3u8
import numpy as np
import pytest
from playwright.sync_api import Page

from tests.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("playing")]

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
WORDS = "1\n00:00:00,500 --> 00:00:02,000\n{0}一\n\n2\n00:00:03,000 --> 00:00:04,500\n{0}末\n"
TO_THE_END = """
const toTheEnd = (video) => new Promise((resolve, reject) => {
  const late = setTimeout(() => reject(new Error(`stands at ${video.currentTime} of ${video.duration}`)), 90000);
  video.addEventListener('ended', () => { clearTimeout(late); resolve(video.currentTime); }, { once: true });
  video.currentTime = 0;
  video.playbackRate = 4;
  video.play();
});
const screen = () => {
  const video = Object.assign(document.createElement('video'), { muted: true });
  document.body.prepend(video);
  return video;
};
"""
SHAKA = (
    "async (master) => {"
    + TO_THE_END
    + """
  const video = screen();
  const player = new shaka.Player();
  await player.attach(video);
  player.configure({ abr: { enabled: false } });
  await player.load(master);
  const seen = { variants: [], languages: [], texts: [] };
  const played = new Set();
  for (const track of player.getVariantTracks()) {
    const parts = [track.height, track.audioId];
    if (parts.every((part) => played.has(part))) continue; // each level and each sound, not each with each
    parts.forEach((part) => played.add(part));
    player.selectVariantTrack(track, true);
    const end = await toTheEnd(video);
    const now = player.getVariantTracks().find((t) => t.active);
    seen.variants.push([now.height, now.audioId, end, now.id === track.id]);
    seen.languages.push(now.language);
  }
  for (const track of player.getTextTracks()) {
    await player.selectTextTrack(track);
    await toTheEnd(video);
    seen.texts.push([player.getTextTracks().find((t) => t.active).language, player.getStats().streamBandwidth > 0]);
  }
  return seen;
}"""
)
HLS_JS = (
    "async (master) => {"
    + TO_THE_END
    + """
  const video = screen();
  const hls = new Hls();
  const faults = [];
  hls.on(Hls.Events.ERROR, (_event, data) => data.fatal && faults.push(data.details));
  await new Promise((resolve) => {
    hls.on(Hls.Events.MANIFEST_PARSED, resolve);
    hls.loadSource(master);
    hls.attachMedia(video);
  });
  const seen = { levels: [], sounds: [], texts: [], faults };
  for (let n = 0; n < hls.levels.length; n++) {
    hls.currentLevel = n;
    seen.levels.push([hls.levels[n].height, await toTheEnd(video), hls.currentLevel === n]);
  }
  for (let n = 0; n < hls.audioTracks.length; n++) {
    hls.audioTrack = n;
    seen.sounds.push([hls.audioTracks[n].lang ?? '', await toTheEnd(video), hls.audioTrack === n]);
  }
  for (let n = 0; n < hls.subtitleTracks.length; n++) {
    hls.subtitleTrack = n;
    await toTheEnd(video);
    const tracks = [...video.textTracks].filter((t) => t.mode !== 'disabled');
    const shown = tracks.flatMap((t) => [...t.cues].map((c) => c.text));
    seen.texts.push([hls.subtitleTracks[n].lang, shown]);
  }
  return seen;
}"""
)


class Title(NamedTuple):
    master: str  # its address
    levels: list[int]  # heights
    sounds: list[tuple[str, str]]  # language and address
    texts: list[tuple[str, str]]
    pictures: list[str]  # addresses
    duration: float  # seconds
    rate: float  # frames per second


def read(url: str) -> m3u8.M3U8:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return m3u8.loads(answer.read().decode(), uri=url)


@pytest.fixture(scope="module")
def title(site, sample, tmp_path_factory) -> Title:
    """A film of the corpus with two languages to hear and two to read."""
    folder = tmp_path_factory.mktemp("tracks")
    inputs: list[str | Path] = ["-i", sample("bbb_720p_51audio.mp4")]
    for name in ("中", "英"):
        (folder / f"{name}.srt").write_text(WORDS.format(name))
        inputs += ["-i", folder / f"{name}.srt"]
    marks = [f"-metadata:s:{kind}:{n}" for kind in "as" for n in (0, 1)]
    languages = [
        part for mark, code in zip(marks, ("chi", "eng") * 2, strict=True) for part in (mark, f"language={code}")
    ]
    maps = [part for stream in ("0:v", "0:a", "0:a", "1:s", "2:s") for part in ("-map", stream)]
    made = folder / "两种语言.mkv"
    subprocess.run([FFMPEG, "-v", "error", *inputs, *maps, *languages, "-c", "copy", made], check=True)
    added = site.add_video(made, "两种语言")
    assert added["state"] == "ready"
    master = f"{site.url}/play/{added['movie']}/1/master.m3u8"
    listed = read(master)
    media = {
        kind: [(m.language, m.absolute_uri) for m in listed.media if m.type == kind] for kind in ("AUDIO", "SUBTITLES")
    }
    pictures = [p.absolute_uri for p in listed.playlists]
    levels = sorted(p.stream_info.resolution[1] for p in listed.playlists)
    duration = sum(s.duration for s in read(pictures[0]).segments)
    rate = listed.playlists[0].stream_info.frame_rate
    found = Title(master, levels, media["AUDIO"], media["SUBTITLES"], pictures, duration, rate)
    assert len(found.levels) > 1
    assert {language for language, _ in found.sounds} == {language for language, _ in found.texts} == {"zh", "en"}
    return found


@pytest.fixture
def stage(browser, site) -> Iterator[Page]:
    """A page of the site that lets test scripts in."""
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(f"{site.url}/notices/")
    yield page
    context.close()


def test_shaka_player(stage, title):
    stage.add_script_tag(path=ROOT / "node_modules/shaka-player/dist/shaka-player.compiled.js")
    seen = stage.evaluate(SHAKA, title.master)
    assert sorted({height for height, *_ in seen["variants"]}) == title.levels
    assert len({sound for _, sound, *_ in seen["variants"]}) == len(title.sounds)
    assert set(seen["languages"]) == {"zh", "en"}
    for height, sound, end, chosen in seen["variants"]:
        assert chosen, (height, sound)
        assert abs(end - title.duration) < 0.3, (height, sound)
    assert sorted(language for language, _ in seen["texts"]) == ["en", "zh"]


def test_hls_js(stage, title):
    stage.add_script_tag(path=ROOT / "node_modules/hls.js/dist/hls.min.js")
    seen = stage.evaluate(HLS_JS, title.master)
    assert seen["faults"] == []
    assert sorted(height for height, *_ in seen["levels"]) == title.levels
    assert sorted(language for language, *_ in seen["sounds"]) == sorted(language for language, _ in title.sounds)
    for name, end, chosen in seen["levels"] + seen["sounds"]:
        assert chosen, name
        assert abs(end - title.duration) < 0.3, name
    assert dict(seen["texts"]) == {"zh": ["中一", "中末"], "en": ["英一", "英末"]}


def test_ffmpeg(title):
    reading = [FFMPEG, "-v", "error", "-xerror", "-nostdin"]
    for address in [*title.pictures, *(address for _, address in title.sounds)]:
        told = subprocess.run(
            [*reading, "-i", address, "-f", "null", "-progress", "pipe:1", "-"],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert told.stderr == "", address
        end = int(re.findall(r"out_time_us=(\d+)", told.stdout)[-1]) / 1e6
        assert abs(end - title.duration) < 0.3, address
    for language, address in title.texts:
        told = subprocess.run([*reading, "-i", address, "-f", "srt", "-"], capture_output=True, text=True, timeout=60)
        name = {"zh": "中", "en": "英"}[language]
        assert re.findall(r"[中英].", told.stdout) == [f"{name}一", f"{name}末"], told.stderr


NOBODY = 65534  # VLC doesn't run as root
WIDTH, HEIGHT = 64, 36  # pixels of what it hands out
# Other parts of it look for a desktop, graphics hardware and converters for that hardware in vain.
FAULT = re.compile(r" (demux|stream|access|input|packetizer|decoder) error: (?!failed to create video output)")


@pytest.fixture
def desk() -> Iterator[Path]:
    """A folder that VLC may write to."""
    with tempfile.TemporaryDirectory(prefix="vlc-") as folder:
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        yield Path(folder)


def vlc(desk: Path, address: str, *options: str) -> str:
    """What VLC said while it played an address to its end; a fault it tells of fails the test."""
    person: Any = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    told = subprocess.run(
        ["cvlc", "-vv", "--play-and-exit", "--no-video-title-show", "--avcodec-hw", "none", *options, address],
        env={"PATH": os.environ["PATH"], "HOME": str(desk)},
        capture_output=True, text=True, errors="replace", timeout=60, check=True, **person,
    ).stderr  # fmt: skip
    assert [line for line in told.splitlines() if FAULT.search(line)] == [], address
    assert "EOF reached" in told, address
    return told


def handed_out(desk: Path, address: str, form: str, *options: str) -> bytes:
    """All that VLC decoded, as raw pictures or samples."""
    target = desk / "raw"
    vlc(desk, address, "--sout", f"#transcode{{{form}}}:std{{access=file,mux=dummy,dst={target}}}", *options)
    return target.read_bytes()


def letters(desk: Path, address: str, language: str) -> list[tuple[float, float, int]]:
    """When letters of that language stood on VLC's screen: from, to (seconds), and the most pixels they covered."""
    screen = desk / "screen.y4m"
    told = vlc(
        desk, address, "--sub-language", language, "--aout", "dummy", "--rate", "2", "--adaptive-logic", "lowest",
        "--no-drop-late-frames", "--no-skip-frames",  # however busy the machine is
        "--vout", "yuv", "--yuv-yuv4mpeg2", "--yuv-chroma", "I420", "--yuv-file", str(screen),
        "--freetype-color", str(0xFF00FF), "--freetype-rel-fontsize", "6",
        "--freetype-outline-opacity", "0", "--freetype-shadow-opacity", "0",
    )  # fmt: skip
    assert 'using spu decoder module "webvtt"' in told
    head, pictures = screen.read_bytes().split(b"\n", 1)
    width, height, rate = (int(re.search(rb"%s(\d+)" % mark, head).group(1)) for mark in (b"W", b"H", b"F"))
    tag, plane = len(b"FRAME\n"), width * height // 4
    frames = np.frombuffer(pictures, dtype=np.uint8).reshape(-1, tag + 6 * plane)[:, tag:]
    blue, red = frames[:, 4 * plane : 5 * plane], frames[:, 5 * plane :]
    pixels = ((blue > 190) & (red > 190)).sum(axis=1)  # magenta, as no picture of the film is
    edges = np.flatnonzero(np.diff((pixels > 5).astype(int), prepend=0, append=0))
    return [(a / rate, b / rate, int(pixels[a:b].max())) for a, b in edges.reshape(-1, 2)]


def test_vlc(desk, title):
    for address in title.pictures:
        raw = handed_out(desk, address, f"vcodec=I420,width={WIDTH},height={HEIGHT}", "--no-sout-audio")
        frames = len(raw) / (WIDTH * HEIGHT * 3 / 2)
        assert frames == pytest.approx(title.duration * title.rate, abs=1), address
    for _, address in title.sounds:
        raw = handed_out(desk, address, "acodec=s16l,samplerate=48000,channels=2", "--no-sout-video")
        assert len(raw) / (48000 * 2 * 2) == pytest.approx(title.duration, abs=0.3), address
        assert np.abs(np.frombuffer(raw, dtype=np.int16)).max() > 1000, address
    seen = {language: letters(desk, title.master, language) for language, _ in title.texts}
    for shown in seen.values():
        for (start, end, _), (a, b) in zip(shown, [(0.5, 2.0), (3.0, 4.5)], strict=True):
            assert (start, end) == pytest.approx((a, b), abs=0.3)
    assert [size for *_, size in seen["zh"]] != [size for *_, size in seen["en"]]  # 中 has fewer strokes than 英
