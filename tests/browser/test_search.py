"""Searching in a real browser: by keyboard, by touch, in both languages, and without JavaScript."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.browser.steps import sign_in, until, violations

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]
TITLE, INITIALS, PART, WRONG = "潮汐之下", "cxzx", "之", "潮夕之下"  # a film of the small demo

ASKED = """performance.getEntriesByType("resource").filter(one => /suggest\\/\\?q=./.test(one.name))
    .map(one => [one.name, one.startTime])"""


@pytest.fixture(autouse=True)
def indexed(site, visit):
    """The film is published once its video is ready, and then the queue indexes it."""
    until = time.monotonic() + 120
    while not visit.page.request.get(f"{site.url}/search/suggest/?q={TITLE}").json()["suggestions"]:
        assert time.monotonic() < until, "the film isn't indexed"
        time.sleep(0.2)


def test_initials_suggest_a_title_that_the_keyboard_opens(site, visit):
    page = visit.page
    page.goto(f"{site.url}/")
    box = page.get_by_role("combobox")
    box.focus()
    page.keyboard.type(INITIALS, delay=20)
    option = page.get_by_role("option", name=TITLE)
    expect(option).to_be_visible()
    expect(option.locator("mark")).to_have_text(TITLE)
    asked = page.evaluate(ASKED)
    assert asked[-1][0].endswith(f"?q={INITIALS}")
    assert all(later - earlier >= 119 for (_, earlier), (_, later) in pairwise(asked))
    expect(page.locator(".search [role=status]")).to_have_text(re.compile(r"\d+ 条搜索建议"))
    assert violations(page) == []
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == option.get_attribute("id")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/single/\d+/\d+/"))
    expect(page.locator("h1")).to_have_text(TITLE)
    page.go_back()
    page.get_by_role("combobox").click()
    expect(page.get_by_role("group", name="搜索历史").get_by_role("option", name=TITLE)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    assert visit.problems == []
    assert visit.outside == []


def test_results_are_filtered_opened_and_found_again(site, visit):
    page = visit.page
    page.goto(f"{site.url}/")
    page.fill("#q", PART)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/search/\?q="))
    expect(page.locator("#q")).to_have_value(PART)
    page.get_by_role("group", name="题材").get_by_role("link", name="剧情").click()
    page.wait_for_url(re.compile("genre="))
    expect(page.locator(".chip", has_text="剧情")).to_be_visible()
    assert violations(page) == []
    page.locator(".hit", has_text=TITLE).click()
    page.wait_for_url(re.compile("/single/"))
    page.go_back()
    page.wait_for_url(re.compile("genre="))
    expect(page.locator(".chip", has_text="剧情")).to_be_visible()
    expect(page.locator(".hit", has_text=TITLE)).to_be_visible()
    assert visit.problems == []


def test_own_searches_are_cleared_one_by_one_and_move_into_the_account(site, visit):
    page = visit.page
    for text in (PART, TITLE):
        page.goto(f"{site.url}/search/?q={text}")
    page.goto(f"{site.url}/search/")
    chips = page.locator("[data-own-searches] .chip")
    expect(chips).to_have_text([TITLE, PART])
    chips.filter(has_text=TITLE).get_by_role("button").click()
    expect(chips).to_have_text([PART])
    sign_in(page, site.url, site.password)
    until(page, "!localStorage.getItem('searches')")
    page.goto(f"{site.url}/search/")
    expect(chips).to_have_text([PART])
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("[data-own-searches]").get_by_role("button", name="清空").click()
    page.wait_for_url(f"{site.url}/search/")
    expect(chips).to_have_count(0)
    assert visit.problems == []


def test_the_box_and_the_results_fit_a_phone_in_english(site, browser):
    context = browser.new_context(locale="en-US", viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.goto(f"{site.url}/")
    page.locator("#q").tap()
    page.keyboard.type(PART)
    expect(page.get_by_role("option").first).to_be_visible()
    expect(page.get_by_role("group", name="Titles")).to_be_visible()
    panel = page.locator("[data-panel]").bounding_box()
    assert panel is not None
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= 390
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/search/\?q="))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Results for “{PART}”")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("group", name="Genre").get_by_role("link", name="Drama").tap()
    page.wait_for_url(re.compile("genre="))
    last = page.locator(".hit").last
    last.scroll_into_view_if_needed()
    place = page.evaluate("scrollY")
    last.tap()
    page.wait_for_url(re.compile("/single/"))
    page.go_back()
    page.wait_for_url(re.compile("genre="))
    expect(last).to_be_in_viewport()
    assert abs(page.evaluate("scrollY") - place) < 4
    page.goto(f"{site.url}/search/?q={WRONG}")
    expect(page.locator(".finds__notice")).to_contain_text(f"Showing results for {TITLE}")
    page.get_by_role("link", name=f"Search only for “{WRONG}”").tap()
    expect(page.get_by_role("heading", name="Similar names")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_everything_works_without_javascript(site, browser):
    context = browser.new_context(locale="zh-CN", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/")
    page.fill("#q", TITLE)
    page.keyboard.press("Enter")
    expect(page.locator(".hit mark").first).to_have_text(TITLE)
    page.get_by_role("link", name="最新").click()
    expect(page).to_have_url(re.compile("sort=date"))
    page.fill("#q", WRONG)
    page.keyboard.press("Enter")
    expect(page.locator(".finds__notice")).to_contain_text(f"以下是“{TITLE}”的结果")
    page.get_by_role("link", name=f"仅搜索“{WRONG}”").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"没有找到“{WRONG}”的相关内容")
    expect(page.locator("[aria-labelledby=near] .card").first).to_contain_text(TITLE)
    page.fill("#q", "没有这样的片子")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("没有找到“没有这样的片子”的相关内容")
    expect(page.get_by_role("heading", name="本周热播")).to_be_visible()
    context.close()
