"""A curator looks at the queue and watches a video on its page, in a real browser on the real embedded stack."""

from __future__ import annotations

import pytest

from tests.browser.steps import play, sign_in, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


def test_a_curator_watches_a_video_on_its_page(site, visit):
    page, asked = visit.page, []
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page, site.url, site.password)
    page.goto(f"{site.url}/admin/media/video/?state__exact=ready")
    until(page, "Number([...document.querySelectorAll('.queue__tile strong')].at(-1).innerText) > 0", 150)  # by itself
    page.reload()
    page.locator("#result_list a[href*='/change/']").first.click()
    play(page)
    assert page.locator(".player__toast:visible, .gate").count() == 0
    page.evaluate("document.querySelector('video').pause()")
    page.wait_for_timeout(500)
    assert [url for url in asked if "/play/" in url]
    assert not [url for url in asked if "/progress/" in url]  # what staff check is no play and no history
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert (visit.problems, visit.outside) == ([], [])
