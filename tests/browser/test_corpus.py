"""Every file of the corpus goes through a whole site: it plays in Chromium as it should, or is refused, saying why."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import Site, Visit, clean_environment
from tests.browser.corpus import Expected, corpus
from tests.browser.steps import until
from tests.conftest import ROOT
from tests.media import timing

LONG = 60.0  # seconds: of longer ones, sync is measured in the first and last EXCERPT
EXCERPT = 15.0
APART = 0.04  # seconds that picture and sound may have moved against each other
FACTS = """() => {
  const video = document.querySelector('video');
  return {
    width: video.videoWidth, height: video.videoHeight, duration: video.duration, at: video.currentTime,
    error: video.error?.message ?? '', pictures: video.getVideoPlaybackQuality().totalVideoFrames,
    heard: video.webkitAudioDecodedByteCount,
  };
}"""


def tell(site: Site, files: Iterable[Expected]) -> Iterator[dict[str, Any]]:
    """How each file ended, as soon as it has; at last what is stored."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.browser.add_uploads", *(str(file.path) for file in files)],
        cwd=ROOT, env={**clean_environment(), "DATA_DIR": str(site.data)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield from map(json.loads, process.stdout or ())
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.xdist_group("corpus")
def test_every_file_of_the_corpus(own_site, browser, tmp_path):
    files = {file.path.name: file for file in corpus(tmp_path)}
    resting = set(own_site.processes().values())
    viewer = browser.new_context(locale="zh-CN", viewport={"width": 800, "height": 450})
    in_step, stored = 0, {}
    for told in tell(own_site, files.values()):
        if "named" in told:
            stored = told
            break
        file = files.pop(told["file"])
        if file.reason:
            assert (told["ended"], told["renditions"]) == (["failed", file.reason], []), told["file"]
            continue
        check(told, file)
        watch(viewer, own_site, told, file)
        in_step += check_sync(own_site, told, file)
    viewer.close()
    assert not files
    assert in_step >= 2
    check_nothing_is_left(own_site, stored)
    # the pools of the workers keep a folder each while they run
    assert [path for path in (own_site.data.parent / "tmp").iterdir() if not path.name.startswith("pymp-")] == []
    late = time.monotonic() + 20
    while added := set(own_site.processes().values()) - resting:
        assert time.monotonic() < late, added
        time.sleep(0.2)


def check(told: dict[str, Any], file: Expected) -> None:
    """What the site says of it, and of each level, is what it should be."""
    name = told["file"]
    assert told["ended"] == ["ready", ""], name
    assert told["duration"] == pytest.approx(file.duration, abs=0.2), name
    assert told["size"] == list(file.size), name
    assert (told["has_audio"], told["texts"] > 0, told["chapters"] > 0) == (
        file.has_audio, file.texts, file.chapters,
    ), name  # fmt: skip
    for row in told["renditions"]:
        if row["kind"] == "audio":
            assert row["duration"] <= told["duration"] + 0.2, name
            continue
        assert row["duration"] == pytest.approx(file.duration, abs=0.2), (name, row["name"])
        assert row["width"] % 2 == row["height"] % 2 == 0
        assert row["width"] / row["height"] == pytest.approx(file.size[0] / file.size[1], rel=0.02), (name, row["name"])
        assert row["height"] <= file.size[1]


def watch(viewer: BrowserContext, site: Site, told: dict[str, Any], file: Expected) -> None:
    """Play its beginning and its end on the watch page."""
    visit = Visit(viewer.new_page(), [], [])
    visit.page.on("console", lambda m: visit.problems.append(m.text) if m.type == "error" else None)
    visit.page.on("pageerror", lambda e: visit.problems.append(str(e)))
    visit.page.on("response", lambda r: visit.problems.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    visit.page.goto(site.url + told["page"])
    visit.page.locator("[data-play]").click()
    until(visit.page, "document.querySelector('video')?.currentTime > 0.3 || document.querySelector('video')?.ended")
    visit.page.evaluate(
        "() => { const v = document.querySelector('video'); if (v.duration > 3) v.currentTime = v.duration - 1.5; }"
    )
    until(visit.page, "document.querySelector('video').ended")
    facts = visit.page.evaluate(FACTS)
    visit.page.close()
    name = told["file"]
    assert (facts["error"], visit.problems) == ("", []), name
    assert facts["width"] / facts["height"] == pytest.approx(file.size[0] / file.size[1], rel=0.02), name
    assert facts["duration"] == pytest.approx(file.duration, abs=0.2), name
    assert facts["at"] == pytest.approx(facts["duration"], abs=0.1), name
    assert facts["pictures"] > 1, name
    assert bool(facts["heard"]) == file.has_audio, name


def check_sync(site: Site, told: dict[str, Any], file: Expected) -> bool:
    """Whether there was enough to see and hear to tell that picture and sound coincide as they did in the source."""
    stored = {row["kind"]: site.data / "videos" / row["file"] for row in told["renditions"]}
    if "audio" not in stored:
        return False
    stretches = [(0.0, float("inf"))]
    if file.duration > LONG:
        stretches = [(0.0, EXCERPT), (file.duration - EXCERPT, float("inf"))]
    enough = False
    for stretch in stretches:
        seen = timing.lag(timing.looks(file.path, *stretch), timing.looks(stored["video"], *stretch))
        heard = timing.lag(timing.loudness(file.path, *stretch), timing.loudness(stored["audio"], *stretch))
        if seen is not None and heard is not None:
            enough = True
            assert seen == pytest.approx(heard, abs=APART), (told["file"], stretch)
    return enough


def check_nothing_is_left(site: Site, stored: dict[str, Any]) -> None:
    """No work folder, and on the disk exactly what the database says."""
    assert (stored["work"], stored["amiss"]) == ([], [])
    root = site.data / "videos"
    on_disk = {str(path.relative_to(root)): path.stat().st_size for path in root.rglob("*") if path.is_file()}
    assert sorted(on_disk) == stored["named"]
    assert {name: on_disk[name] for name in stored["sizes"]} == stored["sizes"]
