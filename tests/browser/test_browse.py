"""A viewer looks for a person's titles and for what comes next, on a desktop and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Film, Site, Visit

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

LOADED = "image => image.complete && image.naturalWidth > 0"


def _fits(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_from_a_film_to_its_people_and_the_calendar(visit: Visit, site: Site):
    page = visit.page
    page.goto(f"{site.url}/comedy/film/1/")
    page.get_by_role("group", name="标签").get_by_role("link", name="书信").click()
    expect(page.get_by_role("status").filter(has_text="1")).to_be_visible()
    page.locator(".grid .card").first.click()
    page.locator(".people").get_by_role("link", name="秦若溪").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("秦若溪")
    assert page.locator(".bio__portrait img").evaluate(LOADED)
    expect(page.locator(".grid .card")).to_have_count(1)
    expect(page.locator(".grid")).to_contain_text("饰 宋亦舟")
    page.get_by_role("link", name="追剧日历").first.click()
    expect(page.locator(".day:visible")).to_have_count(7)
    expect(page.locator(".day.is-today")).to_contain_text("今天")
    expect(page.locator(".slot")).not_to_have_count(0)
    page.get_by_role("link", name="下周").click()
    expect(page.locator(".slot--due").first).to_be_visible()
    assert _fits(page)


def test_a_phone_shows_a_day_and_switches_without_a_request(browser: Browser, site: Site, vip_film: Film):
    context = browser.new_context(locale="zh-CN", viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(f"{site.url}/calendar/")
    expect(page.locator(".day:visible")).to_have_count(1)
    expect(page.locator(".day:visible")).to_have_class("day is-chosen is-today")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.is_navigation_request() else None)
    other = page.locator(".weekdays a:not([aria-current])").first
    place = other.get_attribute("data-day")
    other = page.locator(f'.weekdays a[data-day="{place}"]')
    other.tap()
    expect(page.locator(".day:visible")).to_have_attribute("data-column", place)
    expect(other).to_have_attribute("aria-current", "true")
    assert asked == []
    assert page.url.endswith(f"day={place}")
    page.reload()
    expect(page.locator(".day:visible")).to_have_attribute("data-column", place)
    assert _fits(page)
    page.goto(f"{site.url}/comedy/all/1/")
    expect(page.get_by_role("group", name="资费")).to_be_hidden()  # the last of five or more
    page.get_by_text("更多筛选").tap()
    expect(page.get_by_role("group", name="资费")).to_be_visible()
    assert _fits(page)
    context.close()


@pytest.mark.parametrize("template", ["500.html", "507.html", "front_error.html"])
def test_a_page_of_an_error_keeps_its_button_small(visit: Visit, site: Site, template: str):
    """Such a page has no header and no footer, so its few rows have the whole height."""
    code = f"from django.template.loader import render_to_string as r; print(r({template!r}))"
    made = site.manage("shell", "-v", "0", "-c", code)
    visit.page.route("**/broken", lambda route: route.fulfill(content_type="text/html", body=made))
    visit.page.goto(f"{site.url}/broken")
    box = visit.page.locator(".button").bounding_box()
    assert box is not None
    assert 40 <= box["height"] <= 60
