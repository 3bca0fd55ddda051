"""Streams at once in real browsers: the third player chooses which of the others ends, and that one can come back."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Film, Site
from tests.browser.steps import PATIENCE, at, sign_in, until, violations

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("playing")]

NAME, PASSWORD = "observer-of-films", "right horse battery"
MEMBER = f"""
from datetime import timedelta
from django.utils import timezone
from apps.users.models import User
from apps.users.services import extend_membership
if not User.objects.filter(username={NAME!r}).exists():
    user = User.objects.create_user({NAME!r}, password={PASSWORD!r})
    extend_membership(user=user, days=30, at=timezone.now())
"""
PAUSED = "document.querySelector('video').paused"
LIVE = """
from django.utils import timezone
from apps.playback.models import Stream
print(Stream.objects.live(timezone.now()).count())
"""


@pytest.fixture(scope="module")
def member(site: Site) -> None:
    """An account whose plan allows two streams at once."""
    site.run(MEMBER)


@pytest.fixture
def screens(browser: Browser, site: Site, member) -> Iterator[list[Page]]:
    """Three browsers of the same account."""
    contexts = [
        browser.new_context(locale=locale, viewport={"width": width, "height": 844})
        for locale, width in (("zh-CN", 1440), ("zh-CN", 1440), ("zh-CN", 390))
    ]
    pages = [context.new_page() for context in contexts]
    for page in pages:
        sign_in(page, site.url, PASSWORD, NAME)
    yield pages
    for context in contexts:
        context.close()


def watch(page: Page, address: str) -> None:
    """Play the film from its page, or go on where this account stopped."""
    page.goto(address)
    play_on(page)


def play_on(page: Page) -> None:
    """Play over and over what this page has, from where the account stopped, or from its beginning."""
    if page.evaluate("!JSON.parse(document.getElementById('player-config').textContent).resumeAt"):
        page.locator("[data-play]").click()
    until(page, f"document.querySelector('video')?.currentTime > 0.5 && !{PAUSED}")
    page.evaluate("document.querySelector('video').loop = true")


def player_of(page: Page) -> str:
    """What the site knows the page's player by."""
    return str(page.evaluate("sessionStorage.getItem('player')"))


def until_held(site: Site, places: int) -> None:
    """Wait until so many places are held: the others have said that they leave, or haven't been heard of for long."""
    end = time.monotonic() + PATIENCE
    while (held := int(site.run(LIVE))) != places:
        assert time.monotonic() < end, f"{held} places are held"
        time.sleep(0.2)


def test_the_third_player_stops_one_and_that_one_comes_back(screens, site, vip_film: Film):
    first, second, third = screens
    for page in (first, second):
        watch(page, site.url + vip_film.path)
    third.goto(site.url + vip_film.path)
    third.locator("[data-play]").click()
    panel = third.locator(".gate--full")
    expect(panel.locator(".gate__title")).to_have_text("你的账号已在 2 台设备上播放")
    expect(panel.locator(".gate__player")).to_have_count(2)
    expect(panel.locator("strong").first).to_have_text("Linux 上的 HeadlessChrome")
    assert vip_film.title in panel.locator("small").first.inner_text()
    assert violations(third) == []
    assert third.evaluate("document.activeElement.classList.contains('gate--full')")
    panel.get_by_role("button", name="停止并在此观看").first.click()  # of the one that began last
    until(third, "document.querySelector('video')?.currentTime > 0.5")
    # the one that was stopped ends within a heartbeat and says why; the other plays on
    expect(second.locator(".gate__title")).to_have_text("已在另一台设备上停止此处的播放")
    assert second.evaluate(PAUSED)
    assert not first.evaluate(PAUSED)
    second.keyboard.press("k")  # what it has in its buffer doesn't play either
    until(second, PAUSED)
    # the place is free as soon as the third tab is closed
    third.close()
    until_held(site, 1)
    stood = at(second)
    second.evaluate("window.emptied = 0; document.querySelector('video').addEventListener('emptied', () => emptied++)")
    second.get_by_role("button", name="在此观看").click()
    until(second, f"document.querySelector('video').currentTime > {stood} + 0.5 && !{PAUSED}")
    assert second.evaluate("emptied") == 0  # it went on where it was
    assert not first.evaluate(PAUSED)


def test_a_tab_keeps_its_place_over_a_reload_and_a_long_pause_locks_nobody_out(screens, site, vip_film: Film):
    first, second, third = screens
    for page in (first, second):
        watch(page, site.url + vip_film.path)
    for _ in range(3):
        second.reload()
        play_on(second)
    first.keyboard.press("k")
    until_held(site, 1)
    watch(third, site.url + vip_film.path)
    first.keyboard.press("k")
    expect(first.locator(".gate--full")).to_be_visible()
    third.keyboard.press("k")
    third.goto("about:blank")
    until_held(site, 1)
    first.get_by_role("button", name="重试").click()
    until(first, f"!{PAUSED}")


def test_a_duplicated_tab_is_a_player_of_its_own(screens, site, vip_film: Film):
    first, *_ = screens
    watch(first, site.url + vip_film.path)
    name = player_of(first)
    twin = first.context.new_page()
    twin.add_init_script(f"sessionStorage.getItem('player') ?? sessionStorage.setItem('player', '{name}')")
    watch(twin, site.url + vip_film.path)
    assert player_of(twin) != name
