"""A viewer can watch a title to its end while it is encoded, and gets the best level once it is ready."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import imageio_ffmpeg
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import READY_WITHIN
from tests.browser.steps import at, play, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("playing")]

SECONDS = 30
WAITED = """() => {
  const video = document.querySelector("video");
  let [place, clock] = [video.currentTime, performance.now()];
  window.seen = {jumps: [], breaks: 0};
  for (const name of ["emptied", "loadstart"]) video.addEventListener(name, () => window.seen.breaks++);
  video.addEventListener("timeupdate", () => { // a busy machine is late, never early
    const [moved, passed] = [video.currentTime - place, (performance.now() - clock) / 1000];
    if (moved < -0.5 || moved > video.playbackRate * passed + 1) window.seen.jumps.push([place, moved, passed]);
    [place, clock] = [video.currentTime, performance.now()];
  });
}"""
LISTED = "document.querySelector('.player__chooser--quality').textContent.includes('720P')"


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    """A film whose encode takes about as long as the film."""
    path = tmp_path_factory.mktemp("progressive") / "film.mkv"
    noise = f"testsrc2=s=1280x720:r=30:d={SECONDS},noise=alls=14:allf=t"
    subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", noise, "-f", "lavfi"),
            *("-i", f"sine=d={SECONDS}", "-c:v", "mpeg2video", "-q:v", "6", "-c:a", "aac", path),
        ],
        check=True,
    )
    return path


def test_a_title_is_watched_while_it_is_encoded(site, visit, film):
    added = site.manage("add_video", str(film), "--title", "边转边播")
    page, movie = visit.page, json.loads(added)["movie"]
    master = f"{site.url}/play/{movie}/1/master.m3u8"
    end = time.monotonic() + READY_WITHIN
    while not (answer := page.request.get(master)).ok:
        assert time.monotonic() < end, "it never became watchable"
        time.sleep(0.3)
    assert answer.text().count("#EXT-X-STREAM-INF") == 1  # one level, with the rest in the making
    page.goto(f"{site.url}/single/{movie}/1/")
    play(page)
    page.evaluate(WAITED)
    assert at(page) < 6  # from its start, and not where the newest segment is
    expect(page.locator(".player__toast")).to_contain_text("正在转码")
    until(page, f"{LISTED} || document.querySelector('video').currentTime > 8", READY_WITHIN)
    page.keyboard.press("Space")  # half a minute is soon over: the rest is watched when all is there
    was = at(page)
    until(page, LISTED, READY_WITHIN)
    expect(page.locator(".player__toast")).to_contain_text("转码完成")
    assert abs(at(page) - was) < 0.5
    page.keyboard.press("Space")
    page.evaluate("() => { document.querySelector('video').playbackRate = 2 }")
    until(page, "document.querySelector('video').videoHeight === 720")
    until(page, "document.querySelector('video').ended")
    assert page.evaluate("window.seen") == {"jumps": [], "breaks": 0}
    assert abs(page.evaluate("document.querySelector('video').duration") - SECONDS) < 0.2
    assert (visit.problems, visit.outside) == ([], [])
