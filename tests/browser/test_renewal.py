"""Addresses of paid titles expire within moments here: entitled viewers don't notice, others lose access."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import imageio_ffmpeg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from tests.browser.conftest import ADDRESS_TTL, Film, Site
from tests.browser.steps import PATIENCE, at, play, seek, sign_in, until
from tests.conftest import make_video

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("playing")]

LENGTH = 1500  # seconds: more than hls.js keeps ready of the plainest film
FAR, FURTHER = 900, 1300  # where nothing of it is there yet
PASSWORD = "right horse battery"
ACCOUNT = """
from django.utils import timezone
from apps.users.models import User
from apps.users.services import extend_membership
user = User.objects.create_user({name!r}, password={password!r})
if {member}:
    extend_membership(user=user, days=30, at=timezone.now())
"""
PAUSED = "document.querySelector('video').paused"
COUNTS = "window.emptied = 0; document.querySelector('video').addEventListener('emptied', () => window.emptied++)"
NO_MEDIA_SOURCE = "for (const n of ['MediaSource', 'ManagedMediaSource', 'WebKitMediaSource']) delete window[n]"


@pytest.fixture(scope="module")
def long_film(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Film:
    """25 minutes for members."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    picture = f"testsrc=size=160x120:rate=5:duration={LENGTH}"
    sound = f"anullsrc=r=44100:cl=mono:d={LENGTH}"
    inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "64k"]
    codecs += ["-g", "40"]  # so close that the picture is copied
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *inputs, *codecs, path], check=True)
    return Film(site.add_video(path, "长夜", access="vip")["movie"], "长夜")


class Viewer:
    """A browser that somebody is signed in on; what its player asked for and got."""

    def __init__(self, context: BrowserContext, site: Site, name: str) -> None:
        self.context, self.site, self.name = context, site, name
        self.page: Page = context.new_page()
        sign_in(self.page, site.url, PASSWORD, name)
        self.asked: list[tuple[float, str]] = []
        self.under_way: set[Request] = set()
        self.refused: list[str] = []
        self.missing: list[str] = []
        self.page.on("request", self._asked)
        self.page.on("requestfinished", self._answered)
        self.page.on("requestfailed", self._answered)
        self.page.on("response", lambda r: self.missing.append(r.url) if r.status == 404 else None)
        self.page.on("response", lambda r: self.refused.append(r.url) if r.status in {403, 410} else None)

    def _asked(self, request: Request) -> None:
        self.asked.append((time.monotonic(), request.url))
        self.under_way.add(request)

    def _answered(self, request: Request) -> None:
        self.under_way.discard(request)

    def outlive(self) -> None:
        """Have no address renewed, and wait until none that this page has is good any more."""
        self.page.route("**/addresses/**", lambda route: route.abort())
        end = time.monotonic() + PATIENCE
        while self.is_asking("/addresses/"):
            assert time.monotonic() < end, "a renewal wasn't answered"
            self.page.wait_for_timeout(100)
        self.page.wait_for_timeout(1000 * (ADDRESS_TTL + 1))

    def is_asking(self, part: str) -> bool:
        """Whether a request of such addresses is under way."""
        return any(part in urlsplit(request.url).path for request in self.under_way)

    def until_loaded(self) -> None:
        """Wait until the player has all that it keeps ready: for a while it asks for nothing."""
        end, before = time.monotonic() + PATIENCE, -1
        while len(self.of("/v/")) != before or self.is_asking("/v/"):
            assert time.monotonic() < end, "it loads without end"
            before = len(self.of("/v/"))
            self.page.wait_for_timeout(1000)

    def watch(self, film: Film) -> Page:
        self.page.goto(self.site.url + film.path)
        play(self.page)
        self.page.evaluate(COUNTS)
        return self.page

    def of(self, part: str) -> list[str]:
        return [url for _, url in self.asked if part in urlsplit(url).path]

    def emptied(self) -> int:
        return int(self.page.evaluate("window.emptied"))


def expiry(url: str) -> int:
    return int(parse_qs(urlsplit(url).query)["ts"][0])


@pytest.fixture
def viewer(browser: Browser, site: Site, request: Any) -> Iterator[Viewer]:
    """A fresh browser, signed in as a member or as another account."""
    kind = getattr(request, "param", "member")
    name = f"{kind}-{time.monotonic_ns()}"
    site.run(ACCOUNT.format(name=name, password=PASSWORD, member=kind == "member"))
    context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    yield Viewer(context, site, name)
    context.close()


def go_on(viewer: Viewer, place: float) -> None:
    """Seek to a place that isn't buffered yet, and play."""
    page = viewer.page
    seek(page, place)
    if page.evaluate(PAUSED):
        page.keyboard.press("k")
    until(page, f"document.querySelector('video').currentTime > {place} + 1 && !{PAUSED}")


def test_a_film_goes_on_over_many_lifetimes_and_a_long_pause(viewer: Viewer, long_film: Film):
    page = viewer.watch(long_film)
    page.evaluate("document.querySelector('video').playbackRate = 2")
    end = time.monotonic() + PATIENCE
    while len(viewer.of("/addresses/")) < 3 and time.monotonic() < end:
        page.wait_for_timeout(500)
    page.keyboard.press("k")
    renewals = [at for at, url in viewer.asked if "/addresses/" in url]
    assert len(renewals) >= 3
    assert all(b - a > 0.45 * ADDRESS_TTL for a, b in pairwise(renewals))
    page.wait_for_timeout(1500 * ADDRESS_TTL)
    count = len(viewer.of("/addresses/"))
    go_on(viewer, FAR)
    assert len(viewer.of("/addresses/")) == count + 1
    assert viewer.refused == []
    assert len(viewer.of("master.m3u8")) == 1
    assert viewer.emptied() == 0
    given = [(asked, expiry(url)) for asked, url in viewer.asked if "/v/" in url]
    assert (
        max(until - asked for asked, until in given) - min(until - asked for asked, until in given) <= ADDRESS_TTL + 1
    )


def expire(viewer: Viewer) -> None:
    """Make every address that was handed out so far expire."""
    viewer.page.keyboard.press("k")
    viewer.until_loaded()
    old = {expiry(url) for url in viewer.of("/v/")}
    pattern = re.compile(r"/v/.*ts=(" + "|".join(map(str, old)) + r")\b")
    viewer.page.route(pattern, lambda route: route.fulfill(status=410, body=""))
    viewer.page.wait_for_timeout(1100)  # or new ones would be of the same second


@pytest.mark.parametrize("shift", [3600, -3600])
def test_a_device_that_slept_or_whose_clock_was_changed_goes_on(viewer: Viewer, long_film: Film, shift: int):
    page = viewer.watch(long_film)
    expire(viewer)
    page.evaluate(f"() => {{ const now = Date.now; Date.now = () => now() + {shift * 1000}; }}")
    before = len(viewer.of("/v/"))
    go_on(viewer, FAR)
    assert len(viewer.of("/v/")) > before
    # what was asked for before the player knew may be refused, a piece of each track, and is asked for again
    assert len(viewer.refused) <= 2
    assert len(viewer.of("master.m3u8")) == 1
    assert viewer.emptied() == 0


def test_addresses_that_are_refused_earlier_than_thought_are_renewed_within(viewer: Viewer, long_film: Film):
    page = viewer.watch(long_film)
    page.evaluate("() => { const at = Date.now(); Date.now = () => at; }")  # it believes them to be fresh
    expire(viewer)
    go_on(viewer, FAR)
    assert viewer.refused  # and yet
    assert len(viewer.of("master.m3u8")) == 1
    assert viewer.emptied() == 0


def test_a_film_outlives_a_network_that_is_gone_and_a_renewal_that_fails(viewer: Viewer, long_film: Film):
    page = viewer.watch(long_film)
    offline = page.locator(".player__toast", has_text="网络已断开")
    viewer.outlive()
    # backwards: what follows a place is loaded at once
    seek(page, 1400)
    expect(offline).to_be_visible()
    page.wait_for_timeout(3000)
    assert at(page) < 1401
    page.unroute("**/addresses/**")
    until(page, "document.querySelector('video').currentTime > 1401")
    ways = {
        1200: lambda: page.route("**/v/**", lambda route: route.abort()),
        1000: partial(viewer.context.set_offline, True),
    }
    for place, lose in ways.items():
        lose()  # type: ignore[operator]
        seek(page, place)
        expect(offline).to_be_visible()
        page.wait_for_timeout(7000)
        page.unroute("**/v/**")
        viewer.context.set_offline(False)
        until(page, f"document.querySelector('video').currentTime > {place} + 1")
        expect(offline).to_be_hidden()
    assert len(viewer.of("master.m3u8")) == 1
    assert viewer.emptied() == 0


def test_a_sign_out_in_another_tab_ends_the_film_and_its_addresses(viewer: Viewer, long_film: Film):
    page = viewer.watch(long_film)
    other = viewer.context.new_page()
    other.goto(f"{viewer.site.url}/user/logout/")
    other.locator("main button, main [type=submit]").first.click()
    other.wait_for_url(lambda url: "/logout/" not in url)
    last = time.monotonic()
    page.bring_to_front()
    expect(page.locator(".gate__title")).to_have_text("登录已过期")
    assert page.evaluate(PAUSED)
    page.wait_for_timeout(max(0.0, 1000 * (ADDRESS_TTL + 1 - (time.monotonic() - last))))
    assert {page.request.get(url).status for url in viewer.of("/v/")} == {410}


def test_the_end_of_a_membership_ends_the_film_at_the_gate(viewer: Viewer, long_film: Film):
    page = viewer.watch(long_film)
    ends = "from django.utils import timezone; from apps.users.models import Membership"
    act = f"Membership.objects.filter(user__username={viewer.name!r}).update(ends_at=timezone.now())"
    viewer.site.run(f"{ends}; {act}")
    expect(page.locator(".gate__title")).to_have_text("本片为 VIP 会员专享")
    assert page.evaluate(PAUSED)


@pytest.mark.parametrize("viewer", ["visitor"], indirect=True)
def test_a_title_that_becomes_vip_shows_its_gate_to_its_viewers(viewer: Viewer, tmp_path):
    path = make_video(tmp_path / "free.mp4", seconds=40, size="320x240")
    added = viewer.site.add_video(path, "限时免费")
    page = viewer.watch(Film(added["movie"], "限时免费"))
    act = f"from apps.movies.models import Movie; Movie.objects.filter(pk={added['movie']}).update(access='vip')"
    viewer.site.run(act)
    expect(page.locator(".gate__plans li").first).to_be_visible()
    assert page.evaluate(PAUSED)
    page.keyboard.press("k")
    until(page, PAUSED)
    expect(page.get_by_role("link", name="开通 VIP").last).to_be_visible()


def test_a_member_at_a_title_that_is_free_no_more_notices_nothing(viewer: Viewer, long_film: Film):
    change = f"""
from apps.movies.models import Movie
from apps.movies.services import access_changed
movie = Movie.objects.get(pk={long_film.movie})
movie.access = ACCESS
movie.save()
access_changed(movie=movie, was_free=ACCESS == "vip")
"""
    run = viewer.site.run
    run(change.replace("ACCESS", "'free'"))
    page = viewer.watch(long_film)
    kept = viewer.of("/v/")[:4]
    run(change.replace("ACCESS", "'vip'"))
    assert {page.request.get(url).status for url in kept} == {404}
    go_on(viewer, FAR)
    page.wait_for_timeout(1000 * (ADDRESS_TTL + 1))
    missing = len(viewer.missing)
    go_on(viewer, FURTHER)
    assert len(viewer.missing) == missing <= 6  # it asks under the new names
    assert len(viewer.of("master.m3u8")) == 1
    assert viewer.emptied() == 0


def test_the_browsers_own_player_goes_on_over_many_lifetimes_and_ends_with_the_session(viewer: Viewer, long_film: Film):
    viewer.page.add_init_script(NO_MEDIA_SOURCE)
    page = viewer.watch(long_film)
    assert page.evaluate("document.querySelector('video').src").endswith("native=1")
    page.wait_for_timeout(1500 * ADDRESS_TTL)
    go_on(viewer, FAR)
    assert viewer.emptied() == 0
    viewer.context.clear_cookies()
    expect(page.locator(".gate__title")).to_be_visible()
