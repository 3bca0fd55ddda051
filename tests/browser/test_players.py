"""Players not written here play every rung, sound and subtitle of a corpus title to its end."""

from __future__ import annotations

import re
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import imageio_ffmpeg
import m3u8
import pytest
from playwright.sync_api import Page

from tests.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
WORDS = "1\n00:00:00,500 --> 00:00:02,000\n{0}一\n\n2\n00:00:03,000 --> 00:00:04,500\n{0}末\n"
TO_THE_END = """
const toTheEnd = (video) => new Promise((resolve, reject) => {
  const late = setTimeout(() => reject(new Error(`stands at ${video.currentTime} of ${video.duration}`)), 90000);
  video.addEventListener('ended', () => { clearTimeout(late); resolve(video.currentTime); }, { once: true });
  video.currentTime = 0;
  video.playbackRate = 2;
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
  const seen = { variants: [], texts: [] };
  for (const track of player.getVariantTracks()) {
    player.selectVariantTrack(track, true);
    const end = await toTheEnd(video);
    const now = player.getVariantTracks().find((t) => t.active);
    seen.variants.push([now.height, now.language, end, now.id === track.id]);
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
  const seen = { rungs: [], sounds: [], texts: [], faults };
  for (let n = 0; n < hls.levels.length; n++) {
    hls.currentLevel = n;
    seen.rungs.push([hls.levels[n].height, await toTheEnd(video), hls.currentLevel === n]);
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
    rungs: list[int]  # heights
    sounds: list[tuple[str, str]]  # language and address
    texts: list[tuple[str, str]]
    pictures: list[str]  # addresses
    duration: float  # seconds


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
    rungs = sorted(p.stream_info.resolution[1] for p in listed.playlists)
    duration = sum(s.duration for s in read(pictures[0]).segments)
    found = Title(master, rungs, media["AUDIO"], media["SUBTITLES"], pictures, duration)
    assert len(found.rungs) > 1
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
    assert sorted({height for height, *_ in seen["variants"]}) == title.rungs
    assert {language for _, language, *_ in seen["variants"]} == {"zh", "en"}
    for height, language, end, chosen in seen["variants"]:
        assert chosen, (height, language)
        assert abs(end - title.duration) < 0.3, (height, language)
    assert sorted(language for language, _ in seen["texts"]) == ["en", "zh"]


def test_hls_js(stage, title):
    stage.add_script_tag(path=ROOT / "node_modules/hls.js/dist/hls.min.js")
    seen = stage.evaluate(HLS_JS, title.master)
    assert seen["faults"] == []
    assert sorted(height for height, *_ in seen["rungs"]) == title.rungs
    assert sorted(language for language, *_ in seen["sounds"]) == sorted(language for language, _ in title.sounds)
    for name, end, chosen in seen["rungs"] + seen["sounds"]:
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
