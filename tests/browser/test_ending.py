"""What stands in the player at the end: of a preview the gate and nothing else, of an episode the next one."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.steps import PATIENCE, play, play_to_the_end, seek, sign_in, until
from tests.conftest import make_video

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("playing")]

COUNTDOWN = 10  # seconds of the card of the next episode
OUTRO = "from apps.movies.models import Episode; Episode.objects.filter(movie_id={}).update(outro_start=2)"
ON_TOP = """link => {
  const box = link.getBoundingClientRect();
  return link.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
}"""


@pytest.fixture(scope="module")
def series(site, tmp_path_factory) -> str:
    """The first of two episodes for members, whose outro begins within its preview."""
    folder = tmp_path_factory.mktemp("series")
    for number in (1, 2):
        film = make_video(folder / f"{number}.mp4", seconds=19 + number, size="320x240")
        added = site.add_video(film, "会员剧集", kind="series", access="vip", episode=str(number))
    site.run(OUTRO.format(added["movie"]))
    return f"{site.url}/single/{added['movie']}/1/"


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_an_ended_preview_stays_at_its_gate(visit, series, width, height):
    page = visit.page
    page.set_viewport_size({"width": width, "height": height})
    page.goto(series)
    play_to_the_end(page)
    gate = page.locator(".gate")
    expect(gate).to_contain_text("试看已结束")
    page.wait_for_timeout((COUNTDOWN + 2) * 1000 if width == 390 else 1500)
    assert page.url == series
    expect(page.locator(".player__card")).to_have_count(0)
    for link in gate.get_by_role("link").all():
        link.scroll_into_view_if_needed()
        assert link.evaluate(ON_TOP), link.inner_text()
    seek(page, 1)
    page.wait_for_timeout(300)
    seek(page, 1000)  # ends once more without having played
    page.wait_for_timeout(500)
    expect(gate).to_have_count(1)
    gate.get_by_role("button").click()
    expect(gate).to_have_count(0)
    until(page, "document.querySelector('video').currentTime > 0.3")
    assert visit.problems == []


def test_an_ended_episode_offers_the_next_one_once(site, visit, series):
    page = visit.page
    sign_in(page, site.url, site.password)
    page.goto(series)
    play(page)
    card = page.locator(".player__card")
    expect(card).to_have_count(1)  # at the outro
    card.get_by_role("button").click()
    seek(page, 18)
    until(page, "document.querySelector('video').ended")
    page.wait_for_timeout(500)
    expect(card).to_have_count(0)  # it was declined
    expect(page.locator(".gate")).to_have_count(0)
    seek(page, 0.5)
    page.wait_for_timeout(300)
    seek(page, 5)
    expect(card).to_have_count(1)
    page.evaluate("() => document.querySelector('video').play()")
    page.wait_for_url("**/2/", timeout=1000 * PATIENCE)
    assert visit.problems == []
