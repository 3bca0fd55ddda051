"""Two browsers watch a title while it is encoded again and replaced: neither stalls nor fails."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import PurePath

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Site, Visit
from tests.browser.steps import at, play, seek, until
from tests.conftest import make_video

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("playing")]

LENGTH = 40  # seconds of the film
MAY_WAIT = 2.0  # seconds beyond the longest wait of the same browser before
# Seconds of every halt of the picture while it should move; those that a seek of ours brings are not counted.
HALTS = """
window.halts = [];
window.troubles = [];
let since = null;
const over = () => { if (since !== null) window.halts.push((performance.now() - since) / 1000); since = null; };
document.addEventListener('waiting', ({ target }) => { if (!target.seeking) since = performance.now(); }, true);
for (const name of ['playing', 'timeupdate', 'ended', 'seeking']) document.addEventListener(name, over, true);
document.addEventListener('error', ({ target }) => target.error && window.troubles.push(target.error.message), true);
"""
AGAIN = """
import json, time
from django.utils import timezone
from apps.media.models import State, Video
from apps.media.services import retry
video = Video.objects.get(pk=%d)
before = {row.name: row.file for row in video.renditions.all()}
assert retry(video_id=video.pk, at=timezone.now())
while video.state != State.READY or before.items() & {(r.name, r.file) for r in video.renditions.all()}:
    time.sleep(0.2)
    video.refresh_from_db()
    assert video.state != State.FAILED, video.failure_detail
print(json.dumps([before, {row.name: row.file for row in video.renditions.all()}]))
"""


class Watcher(Visit):
    """A visit that notes which stored files it fetched."""

    def __init__(self, browser: Browser, site: Site) -> None:
        context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
        context.add_init_script(HALTS)
        super().__init__(context.new_page(), [], [])
        self.fetched: list[str] = []
        self.page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.problems.append(str(e)))
        self.page.on("requestfinished", lambda r: self._note(r.url))

    def _note(self, url: str) -> None:
        if found := re.search(r"/v/([^?]+\.mp4)", url):
            self.fetched.append(PurePath(found.group(1)).name)

    def longest_halt(self) -> float:
        return max(self.page.evaluate("window.halts"), default=0.0)

    def at_pace(self, rate: float) -> None:
        self.page.evaluate(f"document.querySelector('video').playbackRate = {rate}")

    def watch_to_the_end(self) -> None:
        until(self.page, "document.querySelector('video').ended", LENGTH + 30)
        assert at(self.page) == pytest.approx(LENGTH, abs=0.3)
        assert self.page.evaluate("window.troubles") == self.problems == []


@pytest.fixture
def watchers(browser: Browser, site: Site) -> Iterator[tuple[Watcher, Watcher]]:
    found = Watcher(browser, site), Watcher(browser, site)
    yield found
    for watcher in found:
        watcher.page.context.close()


def choose_quality(page: Page, name: str) -> None:
    page.keyboard.press("k")  # shows the buttons
    page.keyboard.press("k")
    page.get_by_role("button", name=re.compile("^画质")).click()
    page.get_by_role("menuitemradio", name=name).click()


def test_a_title_is_replaced_while_two_viewers_watch_it(site, watchers, tmp_path):
    film = make_video(tmp_path / "重新编码.mp4", seconds=LENGTH, size="640x360", extra=("-g", "50"))
    added = site.add_video(film, "重新编码")
    steady, pausing = watchers
    for watcher in watchers:
        watcher.page.goto(f"{site.url}/single/{added['movie']}/1/")
        play(watcher.page)
    seek(pausing.page, 12)
    until(pausing.page, "document.querySelector('video').currentTime > 13")
    usual = max(watcher.longest_halt() for watcher in watchers)
    pausing.page.keyboard.press("k")
    rested_at = at(pausing.page)
    steady.at_pace(0.25)  # it is to be in the middle when the encode is over

    before, after = (
        {name: PurePath(file).name for name, file in files.items()}
        for files in json.loads(site.run(AGAIN % added["video"]).splitlines()[-1])
    )
    assert set(before) == set(after) >= {"360p", "240p", "a0"}
    assert not set(before.values()) & set(after.values())
    assert 0 < at(steady.page) < LENGTH  # in the middle of it
    assert at(pausing.page) == rested_at
    for watcher in watchers:
        watcher.page.wait_for_timeout(100)
        assert set(watcher.fetched) <= set(before.values())
        watcher.fetched.clear()

    pausing.page.keyboard.press("k")
    choose_quality(steady.page, "240P")  # whose playlist it reads only now, and finds another file in
    for watcher in watchers:
        watcher.at_pace(2)
    for watcher in watchers:
        watcher.watch_to_the_end()
        assert watcher.longest_halt() <= usual + MAY_WAIT
    assert set(pausing.fetched) <= set(before.values())
    assert after["240p"] in steady.fetched
